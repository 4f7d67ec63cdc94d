import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { kofnVersion } from "../../core/version.ts";
import {
  type Attribute,
  type Constant,
  elementTypes,
  type OnnxGraph,
  type OnnxNode,
  type ValueInfo,
} from "./graph.ts";

/** ONNX 1.14: the first whose `Equal` compares texts. */
const irVersion = 9;
const opset = 19;

/** AttributeProto.AttributeType. */
const attributeTypes = { float: 1, int: 2, string: 3, ints: 7 } as const;

/** The bytes of an ONNX file; field numbers are those of onnx.proto. */
export function encodeModel(
  graph: OnnxGraph,
  metadata: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.Varint).int64(irVersion);
  text(writer, 2, "kofn");
  text(writer, 3, kofnVersion);
  message(writer, 7, (inner) => writeGraph(inner, graph));
  message(writer, 8, (inner) => {
    text(inner, 1, "");
    inner.tag(2, WireType.Varint).int64(opset);
  });
  for (const [key, value] of Object.entries(metadata))
    message(writer, 14, (inner) => {
      text(inner, 1, key);
      text(inner, 2, value);
    });
  return Uint8Array.from(writer.finish());
}

function writeGraph(writer: BinaryWriter, graph: OnnxGraph): void {
  for (const node of graph.nodes) message(writer, 1, (inner) => writeNode(inner, node));
  text(writer, 2, graph.name);
  for (const one of graph.constants) message(writer, 5, (inner) => writeConstant(inner, one));
  for (const one of graph.inputs) message(writer, 11, (inner) => writeValue(inner, one));
  for (const one of graph.outputs) message(writer, 12, (inner) => writeValue(inner, one));
}

function writeNode(writer: BinaryWriter, { op, inputs, output, attributes }: OnnxNode): void {
  for (const input of inputs) text(writer, 1, input);
  text(writer, 2, output);
  text(writer, 3, `${op}/${output}`);
  text(writer, 4, op);
  for (const [name, value] of Object.entries(attributes))
    message(writer, 5, (inner) => writeAttribute(inner, name, value));
}

function writeAttribute(writer: BinaryWriter, name: string, value: Attribute): void {
  text(writer, 1, name);
  if ("float" in value) writer.tag(2, WireType.Bit32).float(value.float);
  else if ("int" in value) writer.tag(3, WireType.Varint).int64(value.int);
  else if ("string" in value) text(writer, 4, value.string);
  else for (const one of value.ints) writer.tag(8, WireType.Varint).int64(one);
  const kind = Object.keys(value)[0] as keyof typeof attributeTypes;
  writer.tag(20, WireType.Varint).int32(attributeTypes[kind]);
}

function writeConstant(writer: BinaryWriter, { name, shape, data }: Constant): void {
  for (const size of shape) writer.tag(1, WireType.Varint).int64(size);
  writer.tag(2, WireType.Varint).int32(elementTypes[elementTypeOf(data)]);
  if (Array.isArray(data)) for (const one of data as readonly string[]) text(writer, 6, one);
  text(writer, 8, name);
  if (ArrayBuffer.isView(data))
    writer
      .tag(9, WireType.LengthDelimited)
      .bytes(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

function elementTypeOf(data: Constant["data"]): keyof typeof elementTypes {
  if (data instanceof Float32Array) return "float";
  if (data instanceof Float64Array) return "double";
  return data instanceof BigInt64Array ? "int64" : "string";
}

function writeValue(writer: BinaryWriter, { name, type, shape }: ValueInfo): void {
  text(writer, 1, name);
  message(writer, 2, (value) =>
    message(value, 1, (tensor) => {
      tensor.tag(1, WireType.Varint).int32(elementTypes[type]);
      message(tensor, 2, (dimensions) => {
        for (const size of shape)
          message(dimensions, 1, (dimension) => {
            if (typeof size === "string") text(dimension, 2, size);
            else dimension.tag(1, WireType.Varint).int64(size);
          });
      });
    }),
  );
}

function text(writer: BinaryWriter, field: number, value: string): void {
  writer.tag(field, WireType.LengthDelimited).string(value);
}

function message(
  writer: BinaryWriter,
  field: number,
  write: (inner: BinaryWriter) => unknown,
): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  write(writer);
  writer.join();
}
