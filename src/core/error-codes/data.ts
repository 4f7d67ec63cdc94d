import type { Meanings } from "./meanings.ts";

/** Data, models and files. */
export const dataCodes = {
  "averages-shown":
    "the variables hold averages while they are to be trained; call goOnTraining() first",
  "bad-address":
    "an address is not one of a file; write https://..., s3://bucket/key or hf://datasets/org/name",
  "bad-column":
    "a column holds what is neither number nor text, or no known word; drop or convert the column",
  "bad-format": "data or a model in a format that does not fit here; give one that is named",
  "bad-graph": "a graph of workers or of layers cannot be used; mend what is named",
  "bad-gzip": "a compressed file is damaged; compress or download it again",
  "bad-index":
    "an index of a sparse row is out of range or out of order; let indices begin at 1 and ascend",
  "bad-json-line":
    "a line is not a JSON object, or not JSON at all; write one object of names and values a line",
  "bad-label": "a row's label is not a number; give a number for each row",
  "bad-libsvm": "a line is not of LIBSVM's form; write label index:value pairs",
  "bad-model": "a model cannot be read or used; save it again as the hint says",
  "bad-network": "a stored network is of another version; use the version of kofn that wrote it",
  "bad-npy": "an NPY file cannot be read or has another shape; save it again with numpy.save",
  "bad-number": "a field among numbers holds none; mend it, or make the column one of categories",
  "bad-pairs":
    "two sides of pairs of sentences do not go together; give a target for each source, by lines",
  "bad-arrow": "an Arrow file cannot be read; check that it is whole",
  "bad-parquet": "a Parquet file cannot be read; check that it is whole",
  "bad-quote":
    "text stands after a closing quotation mark; write a quotation mark within a field twice",
  "bad-ratings":
    "ratings have other columns than user, item and target; drop the others by data.drop",
  "bad-rows": "rows from code are not rows; give objects, lists of values, or a matrix",
  "bad-shape": "a network's input has another size than a row; change its shape, or the columns",
  "bad-state":
    "an optimizer's saved state does not fit the model; use the model that it was saved with",
  "bad-target":
    "the target is of another kind than the problem's; choose another column or problem",
  "bad-vocabulary":
    "a vocabulary's file cannot be used; give one that its own tool wrote, of a supported kind",
  "bad-weights": "weights do not fit the model; give those that were saved with it",
  "binary-data": "a text file holds bytes that no text has; save it as UTF-8 text",
  "changed-file":
    "a file at an address changed while it was read; begin again, or download it first",
  "comment-line": "a file begins with a comment; remove such lines",
  "duplicate-column": "two columns have one name; give each a name of its own",
  "field-too-long":
    "a field is longer than fields can be; look for a quotation mark that is never closed",
  "missing-value": "a field is empty; fill it in, drop the row, or set data.missing: impute",
  "no-backend":
    "a network's backend cannot be loaded; leave problem.backend out, or install what is missing",
  "no-features":
    "no column is left besides the target; check data.drop, data.delimiter and data.target",
  "no-rows": "a file has no rows; give at least one below the names",
  "no-simd": "the engine lacks what the kernels need; use Node.js 22.18 or later",
  "no-such-file": "there is no file of this name; check the path: it is from the spec's folder",
  "no-target": "no column is named as the target; set data.target",
  "no-weights": "a model's weights file cannot be read; put it beside the model.json that names it",
  "not-a-file": "a folder stands where a file is expected; give the path of one file",
  "not-finite": "a value is infinite, or no number; mend it, or list it under missingValues",
  "not-staged": "a network was not read before it is used; start the run by kofn run",
  "not-utf8": "text is not UTF-8; save it as UTF-8",
  "odd-numbers":
    "a column looks like numbers written in another way; say how they are written, or mend them",
  "one-class":
    "the training rows hold fewer than two classes; check data.target, or give rows of every class",
  "other-columns":
    "the files of one table have different columns; write all of them with the same ones",
  "ragged-row":
    "a row has more or fewer fields than the first; quote fields that hold the delimiter",
  "row-too-long":
    "a row is longer than rows can be; look for a quotation mark that is never closed",
  "short-text": "a text is too short for one row; give a longer one, or a smaller data.text.length",
  "too-large": "a table does not fit into memory; take fewer rows or columns",
  "too-many-categories":
    "a column has more categories than allowed; drop it, or raise data.categoriesMax",
  "too-many-characters":
    "a text has more characters than a vocabulary of them; set a vocabulary of byte pairs",
  "too-many-classes":
    "the target has more classes than the problem tells apart; choose problem: softmax",
  "truncated-file": "a file ends before its time; write or download it again",
  "truncated-gzip": "a compressed file ends before its time; compress or download it again",
  "truncated-npy": "an NPY file ends before its time; copy or download it again",
  "unclosed-quote": "a quoted field is never closed; close it",
  "unclear-header": "the first line may be names or values; say which by data.header",
  "unknown-character": "a character was not in the training text; use a vocabulary of byte pairs",
  "unknown-column": "no column has this name or index; choose one of those that are named",
  "unknown-layer":
    "a model has a layer that is not known; register its class, as docs/networks.md says",
  "unknown-variable": "no variable has this name; use the names of tf.variable()",
  "unlisted-class": "a class is not among data.classes; list it, or leave its rows out",
  "unlisted-level":
    "a column in an order has a word without a place; put it among its levels in data.columns",
  "unreadable-address":
    "a file at an address cannot be read; check the address, or download the file",
  "unreadable-file": "a file cannot be read; let this user read it",
  unwritable: "a file cannot be written; name another place",
} as const satisfies Meanings;
