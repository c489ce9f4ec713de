#!/bin/sh
# Makes the objects of the page's samples anew, with gcc, g++ and i686-linux-gnu-gcc. scripts/samples.mjs links them by Solder.
set -eu
cd "$(dirname "$0")"
flags="-O1 -fno-builtin -ffreestanding -fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables"
for name in start calls-printf calls-add calls-greet; do gcc $flags -fpie -c "$name.c" -o "$name.o"; done
for name in print helper-user helper-one helper-hundred greet-old greet-new addon twice; do gcc $flags -fpic -c "$name.c" -o "$name.o"; done
g++ $flags -fpie -c calls-twice.cpp -o calls-twice.o
i686-linux-gnu-gcc $flags -fno-pic -fno-inline -c ../classics/add.c -o add-i386.o
i686-linux-gnu-gcc $flags -fno-pic -c ../classics/add-main.c -o add-main-i386.o
i686-linux-gnu-gcc $flags -fno-pic -c start.c -o start-i386.o
gcc $flags -fno-pic -c ../classics/user.c -o user.o
gcc $flags -fno-pic -c ../classics/definer.c -o definer.o
strip -g ./*.o
