#!/bin/sh
# Builds a small Linux kernel with Solder as its linker, for every link of the build, and boots it in qemu until the program in
# its initial file system has printed its line:
#
#   run.sh x86_64|i386 [DIRECTORY]
#
# DIRECTORY (default: /var/tmp/solder-kernel) gets the sources, unpacked once, and a folder a machine; 2 GB. The linker is that of
# this repository unless LD names another. Needs Debian's linux-source-6.1, gcc, make, flex, bison, bc, libelf-dev, cpio,
# xz-utils and qemu-system-x86.
set -eu
machine=${1:?x86_64 or i386}
directory=${2:-/var/tmp/solder-kernel}
here=$(cd "$(dirname "$0")" && pwd)
LD=${LD:-$here/../../libexec/ld}
jobs=${JOBS:-2}
build=$directory/$machine
own=$directory/$machine.own
marker='Hello from a program that Solder linked'

mkdir -p "$build" "$own"
sources=$directory/linux-source-6.1
[ -e "$sources/Makefile" ] || tar -C "$directory" -xf /usr/src/linux-source-6.1.tar.xz

# The program, and the list of what is in the file system beside it.
case $machine in
x86_64) as --64 --defsym MACHINE64=1 "$here/init.s" -o "$own/init.o"; emulation=elf_x86_64; image=x86 ;;
i386) as --32 "$here/init.s" -o "$own/init.o"; emulation=elf_i386; image=x86 ;;
*) echo "no such machine: $machine" >&2; exit 2 ;;
esac
"$LD" -m $emulation -static "$own/init.o" -o "$own/init"
cat >"$own/files" <<END
dir /dev 0755 0 0
nod /dev/console 0600 0 0 c 5 1
file /init $own/init 0755 0 0
END

make="make -C $sources O=$build ARCH=$machine LD=$LD -j$jobs"
if [ ! -e "$build/.config" ]; then
  $make tinyconfig
  "$sources/scripts/config" --file "$build/.config" \
    --enable PRINTK --enable TTY --enable SERIAL_8250 --enable SERIAL_8250_CONSOLE \
    --enable BINFMT_ELF --enable BLK_DEV_INITRD --set-str INITRAMFS_SOURCE "$own/files"
  if [ $machine = x86_64 ]; then "$sources/scripts/config" --file "$build/.config" --enable 64BIT; fi
  $make olddefconfig
fi
$make bzImage

log=$own/boot.log
timeout 120 qemu-system-x86_64 -nographic -no-reboot -m 128 -kernel "$build/arch/$image/boot/bzImage" \
  -append 'console=ttyS0 panic=-1' </dev/null >"$log" 2>&1 || true
if grep -q "$marker" "$log"; then grep "$marker" "$log"; else tail -40 "$log"; echo "it did not boot: $log" >&2; exit 1; fi
