import s3fs
from fsspec.generic import rsync
from jobs import ENDPOINT, KEYS, LARGE, MIB, SMALL, fetched, path, perform, same

fs = s3fs.S3FileSystem(endpoint_url=ENDPOINT)
B = "clients-s3fs"
fs.mkdir(B)


def upload():
    fs.pipe_file(f"{B}/small", SMALL)
    same(fs.cat_file(f"{B}/small"), SMALL)


def multipart():
    with fs.open(f"{B}/large", "wb", block_size=5 * MIB) as file:
        file.write(LARGE)
    same(fs.cat_file(f"{B}/large"), LARGE)
    fs.put_file(path("large", LARGE), f"{B}/put", chunksize=5 * MIB)
    same(fs.cat_file(f"{B}/put"), LARGE)


def ranges():
    same(fs.cat_file(f"{B}/large", start=100, end=200), LARGE[100:200])
    with fs.open(f"{B}/large") as file:
        file.seek(-9, 2)
        same(file.read(), LARGE[-9:])


def lists():
    for key in KEYS:
        fs.pipe_file(f"{B}/list/{key}", b"x")
    fs.invalidate_cache()
    same(fs.find(f"{B}/list"), [f"{B}/list/{key}" for key in KEYS], "list")
    folded = [f"{B}/list/{key}" for key in ("a", "b", "c d+e")]
    same(sorted(fs.ls(f"{B}/list", detail=False)), folded, "list")


def copy():
    fs.copy(f"{B}/small", f"{B}/copied")
    same(fs.cat_file(f"{B}/copied"), SMALL)


def copy_large():
    fs.copy(f"{B}/large", f"{B}/large copied")
    same(fs.cat_file(f"{B}/large copied"), LARGE)


def move():
    fs.mv(f"{B}/copied", f"{B}/moved")
    same(fs.cat_file(f"{B}/moved"), SMALL)
    fs.invalidate_cache()
    same(fs.exists(f"{B}/copied"), False, "what is left")


def append():
    for name, whole in (("small", SMALL), ("large", LARGE)):
        with fs.open(f"{B}/{name}", "ab") as file:
            file.write(b"more")
        same(fs.cat_file(f"{B}/{name}"), whole + b"more")


def sync():
    for key in KEYS:
        path(f"tree/{key}", SMALL)
    options = {"s3": {"endpoint_url": ENDPOINT}}
    rsync(f"file://{path('tree')}", f"s3://{B}/tree", inst_kwargs=options)
    fs.invalidate_cache()
    same(len(fs.find(f"{B}/tree")), len(KEYS), "count")


def remove():
    names = [f"{B}/many/{i}" for i in range(50)]
    fs.pipe({name: b"" for name in names})
    fs.rm(names)
    fs.invalidate_cache()
    same(fs.find(f"{B}/many"), [], "list")


def presigned():
    fs.pipe_file(f"{B}/signed", SMALL)
    same(fetched(fs.sign(f"{B}/signed", expiration=60)), SMALL)


perform(
    s3fs.__version__,
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
        "presigned": presigned,
    },
)
