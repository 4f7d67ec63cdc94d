import type { LayersTopology } from "./definition.ts";

/** Classes of layers that every worker knows: TensorFlow.js's (4.22), and kofn's own. */
export const knownLayers: ReadonlySet<string> = new Set(
  `
    Activation Add AlphaDropout Average AveragePooling1D AveragePooling2D AveragePooling3D
    BatchNormalization Bidirectional CategoryEncoding CenterCrop Concatenate Conv1D Conv2D
    Conv2DTranspose Conv3D Conv3DTranspose ConvLSTM2D ConvLSTM2DCell Cropping2D Dense
    DepthwiseConv2D Dot Dropout ELU Embedding Flatten Functional GRU GRUCell GaussianDropout
    GaussianNoise GlobalAveragePooling1D GlobalAveragePooling2D GlobalMaxPooling1D
    GlobalMaxPooling2D InputLayer LSTM LSTMCell LayerNormalization LeakyReLU Masking
    MaxPooling1D MaxPooling2D MaxPooling3D Maximum Minimum Model Multiply PReLU Permute RNN
    RandomWidth ReLU RepeatVector Rescaling Reshape Resizing SeparableConv2D Sequential
    SimpleRNN SimpleRNNCell Softmax SpatialDropout1D StackedRNNCells ThresholdedReLU
    TimeDistributed UpSampling2D ZeroPadding2D CausalSelfAttention PositionEmbedding
    TiedEmbedding PositionEncoding MaskedAttention FeatureShare SummedShares JoinedShares
    VocabularyShare ClassShare
  `
    .trim()
    .split(/\s+/),
);

/** Classes of a model's layers that a program has registered by itself, each once. */
export function ownLayerClasses({ class_name: name, config }: LayersTopology): string[] {
  const { layers = [], layer } = (Array.isArray(config) ? { layers: config } : config) as {
    readonly layers?: readonly LayersTopology[];
    /** Of one that wraps another. */
    readonly layer?: LayersTopology;
  };
  const inner = [...layers, ...(layer === undefined ? [] : [layer])].flatMap(ownLayerClasses);
  return [...new Set([...(knownLayers.has(name) ? [] : [name]), ...inner])];
}
