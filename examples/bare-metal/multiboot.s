# A kernel for i386 that a Multiboot loader starts: in protected mode, without paging, at an address of its own choice.
# It writes a line to the serial port, with what is in .data and .bss, and ends qemu by its debug port.

.set MAGIC, 0x1badb002

.section .multiboot, "a"
        .balign 4
        .long MAGIC, 0, -MAGIC          # magic, flags, checksum

.text
.globl _start
_start: mov $stack_top, %esp
        cld
        mov $greeting, %esi
        call print
        cmpl $0x12345678, value         # was .data loaded where the script put it?
        jne wrong
        mov $bss_start, %edi            # and does .bss lie where nothing is?
        mov $stack, %ecx
        sub %edi, %ecx
        xor %eax, %eax
        repe scasb
        jne wrong
        mov $right, %esi
        call print
        mov $0x10, %al
        out %al, $0xf4                  # qemu's isa-debug-exit: ends with status 0x21
wrong:  hlt
        jmp wrong

print:  mov $0x3f8, %edx                # the first serial port
1:      lodsb
        test %al, %al
        jz 2f
        out %al, (%dx)
        jmp 1b
2:      ret

.section .rodata
greeting: .asciz "Multiboot kernel: "
right:    .asciz "data and bss are right\n"

.data
value:  .long 0x12345678

.bss
        .space 4000
        .balign 16
stack:  .space 4096
stack_top:
