import os

import pyarrow
import pyarrow.fs as pafs
from jobs import ENDPOINT, KEYS, LARGE, SMALL, path, perform, same

fs = pafs.S3FileSystem(
    access_key=os.environ["AWS_ACCESS_KEY_ID"],
    secret_key=os.environ["AWS_SECRET_ACCESS_KEY"],
    region="us-east-1",
    scheme="http",
    endpoint_override=ENDPOINT.removeprefix("http://"),
    allow_bucket_creation=True,
)
B = "clients-pyarrow"
fs.create_dir(B)


def put(key, data):
    with fs.open_output_stream(f"{B}/{key}") as stream:
        stream.write(data)


def got(key):
    with fs.open_input_stream(f"{B}/{key}") as stream:
        return stream.read()


def upload():
    put("small", SMALL)
    same(got("small"), SMALL)


def multipart():
    put("large", LARGE)
    same(got("large"), LARGE)


def ranges():
    with fs.open_input_file(f"{B}/large") as file:
        same(file.read_at(100, 100), LARGE[100:200])
        same(file.size(), len(LARGE), "size")


def lists():
    for key in KEYS:
        put(f"list/{key}", b"x")
    found = fs.get_file_info(pafs.FileSelector(f"{B}/list", recursive=True))
    files = sorted(one.path for one in found if one.type == pafs.FileType.File)
    same(files, [f"{B}/list/{key}" for key in KEYS], "list")


def copy():
    fs.copy_file(f"{B}/small", f"{B}/copied")
    same(got("copied"), SMALL)


def copy_large():
    fs.copy_file(f"{B}/large", f"{B}/large copied")
    same(got("large copied"), LARGE)


def move():
    fs.move(f"{B}/copied", f"{B}/moved")
    same(got("moved"), SMALL)


def append():
    try:
        fs.open_append_stream(f"{B}/small")
    except NotImplementedError:
        return "-"


def sync():
    for key in KEYS:
        path(f"tree/{key}", SMALL)
    pafs.copy_files(path("tree"), f"{B}/tree", destination_filesystem=fs)
    same(got("tree/b/1"), SMALL)


def remove():
    for i in range(50):
        put(f"many/{i}", b"x")
    fs.delete_dir_contents(f"{B}/many")
    left = fs.get_file_info(pafs.FileSelector(f"{B}/many", allow_not_found=True))
    same(left, [], "list")


perform(
    pyarrow.__version__,
    {
        "upload": upload,
        "multipart": multipart,
        "ranges": ranges,
        "list": lists,
        "copy": copy,
        "copy 20 MB": copy_large,
        "move": move,
        "append": append,
        "sync": sync,
        "delete many": remove,
    },
)
