"""AWS's command line (version 1) and rclone: programs, so that their files are compared."""

import os
import subprocess
import sys

from jobs import KEYS, LARGE, SMALL, fetched, path, perform, read, same

PROGRAM = sys.argv[2]
B = f"clients-{sys.argv[1]}"


def run(*words, program=PROGRAM):
    done = subprocess.run([program, *words], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(words[:3])}: {done.stderr.strip()}")
    return done.stdout


def tree():
    for key in KEYS:
        path(f"tree/{key}", SMALL)
    return path("tree")


def aws():
    s3 = lambda *words: run("s3", *words)  # noqa: E731
    api = lambda *words: run("s3api", *words, "--bucket", B)  # noqa: E731
    url = f"s3://{B}"
    s3("mb", url)

    def upload():
        s3("cp", path("small", SMALL), f"{url}/small")
        s3("cp", f"{url}/small", path("back"))
        same(read("back"), SMALL)

    def multipart():
        s3("cp", path("large", LARGE), f"{url}/large")
        s3("cp", f"{url}/large", path("back"))
        same(read("back"), LARGE)

    def ranges():
        api("get-object", "--key", "large", "--range", "bytes=100-199", path("back"))
        same(read("back"), LARGE[100:200])

    def lists():
        for key in KEYS:
            s3("cp", path("small", SMALL), f"{url}/list/{key}")
        for command in ("list-objects", "list-objects-v2"):
            query = ["--prefix", "list/", "--page-size", "3", "--query", "Contents[].Key"]
            text = api(command, *query, "--output", "text").replace("\n", "\t")
            found = [key for key in text.split("\t") if key not in ("", "None")]
            same(found, [f"list/{key}" for key in KEYS], command)
        same(len(s3("ls", f"{url}/list/").splitlines()), 3, "lines")

    def copy():
        s3("cp", f"{url}/small", f"{url}/copied")
        s3("cp", f"{url}/copied", path("back"))
        same(read("back"), SMALL)

    def copy_large():
        s3("cp", f"{url}/large", f"{url}/large copied")
        s3("cp", f"{url}/large copied", path("back"))
        same(read("back"), LARGE)

    def move():
        s3("mv", f"{url}/copied", f"{url}/moved")
        s3("cp", f"{url}/moved", path("back"))
        same(read("back"), SMALL)

    def append():
        api("put-object", "--key", "small", "--body", path("small"), "--write-offset-bytes", "5")

    def sync():
        here = tree()
        s3("sync", here, f"{url}/tree")
        same(s3("sync", here, f"{url}/tree"), "", "second sync")
        s3("sync", f"{url}/tree", path("tree back"))
        same(read("tree back/b/1"), SMALL)

    def remove():
        for i in range(30):
            path(f"many/{i}", b"x")
        s3("sync", path("many"), f"{url}/many")
        s3("rm", "--recursive", f"{url}/many")
        same(s3("ls", "--recursive", f"{url}/").count(" many/"), 0, "count")

    def presigned():
        same(fetched(s3("presign", f"{url}/small", "--expires-in", "60").strip()), SMALL)

    version = run("--version").split()[0].removeprefix("aws-cli/")
    return version, locals()


def rclone():
    os.environ["RCLONE_CONFIG_K_TYPE"] = "s3"
    os.environ["RCLONE_CONFIG_K_PROVIDER"] = "Other"
    os.environ["RCLONE_CONFIG_K_ENV_AUTH"] = "true"
    os.environ["RCLONE_CONFIG_K_ENDPOINT"] = os.environ["AWS_ENDPOINT_URL_S3"]
    os.environ["RCLONE_CONFIG_K_CHUNK_SIZE"] = "5M"
    os.environ["RCLONE_CONFIG_K_UPLOAD_CUTOFF"] = "8M"
    os.environ["RCLONE_CONFIG_K_COPY_CUTOFF"] = "8M"
    os.environ["RCLONE_CONFIG"] = path("rclone.conf", b"")
    url = f"k:{B}"
    run("mkdir", url)

    def upload():
        run("copyto", path("small", SMALL), f"{url}/small")
        same(run("cat", f"{url}/small").encode(), SMALL)

    def multipart():
        run("copyto", path("large", LARGE), f"{url}/large")
        run("copyto", f"{url}/large", path("back"))
        same(read("back"), LARGE)

    def ranges():
        same(run("cat", f"{url}/small", "--offset", "6", "--count", "2").encode(), SMALL[6:8])

    def lists():
        run("copy", tree(), f"{url}/list")
        for version in ("1", "2"):
            found = run("lsf", "-R", "--files-only", "--s3-list-version", version, f"{url}/list")
            same(sorted(found.splitlines()), KEYS, f"version {version}")

    def copy():
        run("copyto", f"{url}/small", f"{url}/copied")
        same(run("cat", f"{url}/copied").encode(), SMALL)

    def copy_large():
        run("copyto", f"{url}/large", f"{url}/large copied")
        run("copyto", f"{url}/large copied", path("back"))
        same(read("back"), LARGE)

    def move():
        run("moveto", f"{url}/copied", f"{url}/moved")
        same(run("cat", f"{url}/moved").encode(), SMALL)

    def sync():
        run("sync", tree(), f"{url}/tree")
        run("check", tree(), f"{url}/tree")

    def remove():
        for i in range(30):
            path(f"many/{i}", b"x")
        run("copy", path("many"), f"{url}/many")
        run("delete", f"{url}/many")
        same(run("lsf", "-R", "--files-only", url).count("many/"), 0, "count")

    def presigned():
        same(fetched(run("link", "--expire", "1m", f"{url}/small").strip()), SMALL)

    return run("version").split()[1].removeprefix("v"), locals()


version, found = {"aws-cli": aws, "rclone": rclone}[sys.argv[1]]()
names = {
    "upload": "upload",
    "multipart": "multipart",
    "ranges": "ranges",
    "list": "lists",
    "copy": "copy",
    "copy 20 MB": "copy_large",
    "move": "move",
    "append": "append",
    "sync": "sync",
    "delete many": "remove",
    "presigned": "presigned",
}
perform(version, {job: found[name] for job, name in names.items() if name in found})
