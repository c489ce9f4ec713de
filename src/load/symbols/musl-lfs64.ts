// musl 1.2.4 took the names with 64 (fopen64, lseek64) out of what it exports, and has its loader find the plain ones for
// programs that were linked before (ldso/dynlink.c, get_lfs64): off_t always had 64 bits there.

const NAMES: ReadonlySet<string> = new Set(
  `
__fxstat __fxstatat __lxstat __xstat aio_cancel aio_error aio_fsync aio_read aio_return aio_suspend aio_write
alphasort creat fallocate fgetpos fopen freopen fseeko fsetpos fstat fstatat fstatfs fstatvfs ftello ftruncate ftw
getdents getrlimit glob globfree lio_listio lockf lseek lstat mkostemp mkostemps mkstemp mkstemps mmap nftw open
openat posix_fadvise posix_fallocate pread preadv prlimit pwrite pwritev readdir scandir sendfile setrlimit stat
statfs statvfs tmpfile truncate versionsort
`.split(/\s+/),
);

/** The name that musl's loader looks for in itself when it finds no such symbol; undefined if it has none for it. */
export function withoutLfs64(name: string): string | undefined {
  if (name === "readdir64_r") return "readdir_r";
  const plain = name.endsWith("64") ? name.slice(0, -2) : "";
  return plain !== "" && NAMES.has(plain) ? plain : undefined;
}
