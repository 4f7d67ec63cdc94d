import * as tf from "@tensorflow/tfjs-core";
import { layers } from "@tensorflow/tfjs-layers";
import { expect, it } from "vitest";
import { knownLayers, ownLayerClasses } from "../../src/tfjs/known-layers.ts";
import { registerLayers } from "../../src/tfjs/layers/own-layers.ts";

it("workers know the layers of TensorFlow.js, and kofn's own", () => {
  registerLayers();
  const { classNameMap } = tf.serialization.SerializationMap.getMap();
  const registered = Object.entries(classNameMap).filter(
    ([, [type]]) => type.prototype instanceof layers.Layer,
  );
  // Other tests of this process may have registered more.
  expect(registered.map(([name]) => name)).toEqual(expect.arrayContaining([...knownLayers]));
  const own = { class_name: "Mine", config: { units: 2 } };
  const wrapped = { class_name: "TimeDistributed", config: { layer: own } };
  const nested = { class_name: "Sequential", config: [own, wrapped] };
  expect(ownLayerClasses({ class_name: "Functional", config: { layers: [nested] } })).toEqual([
    "Mine",
  ]);
});
