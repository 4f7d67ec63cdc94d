import * as tf from "@tensorflow/tfjs-core";
import { initializers, layers, regularizers } from "@tensorflow/tfjs-layers";
import { type LooksUp, lookUpRows } from "./table-rows.ts";

type Shape = (number | null)[];
type LayerConfig = ConstructorParameters<typeof layers.Layer>[0];
type Weight = ReturnType<layers.Layer["addWeight"]>;
type Activation = Parameters<typeof layers.activation>[0]["activation"];

/** A penalty as a topology has it, `{ className: "L1L2", config }`: the only one that there is. */
interface Penalty {
  readonly config: Parameters<typeof regularizers.l1l2>[0];
}

const penaltyOf = (penalty: Penalty | null | undefined) =>
  penalty ? regularizers.l1l2(penalty.config) : undefined;

/** Weights of shares are set before they are used. */
const unset = () => initializers.zeros();

const one = (inputs: tf.Tensor | tf.Tensor[]) => (Array.isArray(inputs) ? inputs[0]! : inputs);

/** A worker's share of the last axis of what it reads. */
export class FeatureShare extends layers.Layer {
  static readonly className = "FeatureShare";
  private readonly part: number;
  private readonly of: number;

  constructor(config: { part: number; of: number; name?: string }) {
    super(config as LayerConfig);
    this.part = config.part;
    this.of = config.of;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const shape = inputShape as Shape;
    return [...shape.slice(0, -1), shape.at(-1)! / this.of];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const x = one(inputs);
      const width = x.shape.at(-1)! / this.of;
      const begin = x.shape.map((_, axis) => (axis === x.rank - 1 ? this.part * width : 0));
      return tf.slice(x, begin, [...x.shape.slice(0, -1), width]);
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), part: this.part, of: this.of };
  }
}

/** What workers have made of their inputs, added up in their order: f(X_1 W_1 + X_2 W_2 + b). */
export class SummedShares extends layers.Layer {
  static readonly className = "SummedShares";
  private readonly activation: Activation;
  private readonly useBias: boolean;
  private readonly penalty: Penalty | null;
  private bias: Weight | null = null;

  constructor(config: {
    activation: Activation;
    useBias: boolean;
    biasRegularizer?: Penalty | null;
    name?: string;
    trainable?: boolean;
  }) {
    super(config as LayerConfig);
    this.activation = config.activation;
    this.useBias = config.useBias;
    this.penalty = config.biasRegularizer ?? null;
  }

  override build(inputShape: Shape | Shape[]): void {
    const units = (inputShape as Shape[])[0]!.at(-1) as number;
    const penalty = penaltyOf(this.penalty);
    if (this.useBias) this.bias = this.addWeight("bias", [units], "float32", unset(), penalty);
    this.built = true;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return (inputShape as Shape[])[0]!;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const [first, ...rest] = inputs as tf.Tensor[];
      let sum = first!;
      for (const tensor of rest) sum = tf.add(sum, tensor);
      if (this.bias !== null) sum = tf.add(sum, this.bias.read());
      return activated(this.activation, sum);
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return {
      ...super.getConfig(),
      activation: this.activation,
      useBias: this.useBias,
      biasRegularizer: this.penalty as tf.serialization.ConfigDictValue,
    };
  }
}

/** Units of several workers side by side, and then what looks at all of them, such as a softmax. */
export class JoinedShares extends layers.Layer {
  static readonly className = "JoinedShares";
  private readonly activation: Activation;

  constructor(config: { activation: Activation; name?: string }) {
    super(config as LayerConfig);
    this.activation = config.activation;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const shapes = inputShape as Shape[];
    const units = shapes.reduce((sum, shape) => sum + shape.at(-1)!, 0);
    return [...shapes[0]!.slice(0, -1), units];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => activated(this.activation, tf.concat(inputs as tf.Tensor[], -1)));
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), activation: this.activation };
  }
}

function activated(activation: Activation, x: tf.Tensor): tf.Tensor {
  return activation === "linear" ? x : (layers.activation({ activation }).apply(x) as tf.Tensor);
}

/** Some rows of an embedding's table: zeros for tokens whose row another worker has. */
export class VocabularyShare extends layers.Layer implements LooksUp {
  static readonly className = "VocabularyShare";
  private readonly config: VocabularyConfig;
  private embeddings!: Weight;

  constructor(config: VocabularyConfig) {
    super(config as LayerConfig);
    this.config = config;
  }

  override build(): void {
    const { inputDim, outputDim, embeddingsRegularizer } = this.config;
    const penalty = penaltyOf(embeddingsRegularizer);
    const shape = [inputDim, outputDim];
    this.embeddings = this.addWeight("embeddings", shape, "float32", unset(), penalty);
    this.built = true;
  }

  tableWeights(): Weight[] {
    return [this.embeddings];
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return [...(inputShape as Shape), this.config.outputDim];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const { first, inputDim, outputDim } = this.config;
      const tokens = one(inputs);
      // Numbers, as nothing is differentiated by tokens, wherever they come from.
      const places = Array.from(tokens.dataSync(), (token) => Math.trunc(token) - first);
      const isOwn = places.map((place) => place >= 0 && place < inputDim);
      const ids = places.map((place, at) => (isOwn[at] ? place : 0));
      const rows = lookUpRows(this.embeddings.read() as tf.Variable, tf.tensor1d(ids, "int32"));
      const own = tf.mul(rows, tf.tensor(isOwn.map(Number), [tokens.size, 1]));
      return tf.reshape(own, [...tokens.shape, outputDim]);
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { first, inputDim, outputDim, embeddingsRegularizer = null } = this.config;
    const penalty = embeddingsRegularizer as tf.serialization.ConfigDictValue;
    const own = { first, inputDim, outputDim, embeddingsRegularizer: penalty };
    return { ...super.getConfig(), ...own };
  }
}

interface VocabularyConfig {
  /** The first token whose row is here. */
  readonly first: number;
  /** Rows that are here. */
  readonly inputDim: number;
  readonly outputDim: number;
  readonly embeddingsRegularizer?: Penalty | null;
  readonly name?: string;
  readonly trainable?: boolean;
}
