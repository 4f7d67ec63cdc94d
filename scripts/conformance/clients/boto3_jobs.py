import io

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from jobs import KEYS, LARGE, MIB, SMALL, fetched, perform, same, sent

s3 = boto3.client("s3", config=Config(signature_version="s3v4"))
B = "clients-boto3"
s3.create_bucket(Bucket=B)
parts = TransferConfig(multipart_threshold=8 * MIB, multipart_chunksize=8 * MIB)


def got(key, **more):
    return s3.get_object(Bucket=B, Key=key, **more)["Body"].read()


def upload():
    s3.put_object(Bucket=B, Key="small", Body=SMALL, Metadata={"run": "007"})
    same(got("small"), SMALL)
    same(s3.head_object(Bucket=B, Key="small")["Metadata"], {"run": "007"}, "metadata")


def multipart():
    s3.upload_fileobj(io.BytesIO(LARGE), B, "large", Config=parts)
    target = io.BytesIO()
    s3.download_fileobj(B, "large", target, Config=parts)
    same(target.getvalue(), LARGE)


def ranges():
    same(got("large", Range="bytes=100-199"), LARGE[100:200])
    same(got("large", Range="bytes=-9"), LARGE[-9:])


def lists():
    for key in KEYS:
        s3.put_object(Bucket=B, Key="list/" + key, Body=b"x")
    for name in ("list_objects", "list_objects_v2"):
        pages = s3.get_paginator(name).paginate(
            Bucket=B, Prefix="list/", PaginationConfig={"PageSize": 3}
        )
        found = [one["Key"] for page in pages for one in page["Contents"]]
        same(found, ["list/" + key for key in KEYS], name)
        folded = getattr(s3, name)(Bucket=B, Prefix="list/", Delimiter="/")
        same([one["Prefix"] for one in folded["CommonPrefixes"]], ["list/b/"], name)


def copy():
    s3.copy_object(Bucket=B, Key="copied", CopySource={"Bucket": B, "Key": "small"})
    same(got("copied"), SMALL)


def copy_large():
    s3.copy({"Bucket": B, "Key": "large"}, B, "large copied", Config=parts)
    same(got("large copied"), LARGE)


def append():
    s3.put_object(Bucket=B, Key="small", Body=b"more", WriteOffsetBytes=len(SMALL))


def remove():
    names = [f"many/{i}" for i in range(50)]
    for key in names:
        s3.put_object(Bucket=B, Key=key, Body=b"")
    s3.delete_objects(Bucket=B, Delete={"Objects": [{"Key": key} for key in names]})
    same(s3.list_objects_v2(Bucket=B, Prefix="many/")["KeyCount"], 0, "count")


def presigned():
    at = {"Bucket": B, "Key": "signed \u00fc"}
    same(sent(s3.generate_presigned_url("put_object", at, 60), SMALL), 200, "status")
    same(fetched(s3.generate_presigned_url("get_object", at, 60)), SMALL)


perform(
    boto3.__version__,
    {
        "upload": upload,
        "multipart": multipart,
        "ranges": ranges,
        "list": lists,
        "copy": copy,
        "copy 20 MB": copy_large,
        "append": append,
        "delete many": remove,
        "presigned": presigned,
    },
)
