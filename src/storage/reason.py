"""Why a disk refused, in words."""

import errno
import re


def storage_reason(error: BaseException | None) -> str | None:
    """Why the storage refused, looking through wrapped errors; None if it is about something else."""
    kinds = {
        errno.ENOSPC: "no space left on device",
        errno.EDQUOT: "disk quota exceeded",
        errno.EROFS: "read-only file system",
        errno.EACCES: "permission denied",
        errno.EPERM: "operation not permitted",
        errno.EEXIST: "a file is where a folder should be",
        errno.ENOTDIR: "a part of the path is not a folder",
        errno.EISDIR: "a folder is where a file should be",
        errno.EFBIG: "larger than a file may be here, see ulimit -f",
        errno.EMFILE: "too many files are open, see ulimit -n",
        errno.EIO: "input/output error",
        errno.ESTALE: "the file server has lost the file",
        errno.ENAMETOOLONG: "a name is too long",
        errno.ELOOP: "a symbolic link leads to itself",
        errno.ENOLCK: "no file locks on this file system",
    }
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, OSError) and error.errno in kinds:
            return kinds[error.errno]
        wrapped = re.search(r"\(os error (\d+)\)", str(error))  # safetensors and torch wrap the errno in text
        if wrapped and int(wrapped[1]) in kinds:
            return kinds[int(wrapped[1])]
        if "No space left on device" in str(error):
            return kinds[errno.ENOSPC]
        error = error.__cause__ or error.__context__
    return None
