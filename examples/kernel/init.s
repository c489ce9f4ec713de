# The only program of the kernel's initial file system: prints a line to the console, then restarts the machine, which ends qemu.
# One text for both machines; MACHINE64 is set by run.sh.

.globl _start
.text
_start:
.ifdef MACHINE64
        mov $1, %eax                    # write(1, line, length)
        mov $1, %edi
        lea line(%rip), %rsi
        mov $length, %edx
        syscall
        mov $169, %eax                  # reboot(magic, magic, RB_AUTOBOOT)
        mov $0xfee1dead, %edi
        mov $672274793, %esi
        mov $0x1234567, %edx
        syscall
.else
        mov $4, %eax
        mov $1, %ebx
        mov $line, %ecx
        mov $length, %edx
        int $0x80
        mov $88, %eax
        mov $0xfee1dead, %ebx
        mov $672274793, %ecx
        mov $0x1234567, %edx
        int $0x80
.endif
again:  jmp again

.section .rodata
line:   .ascii "Hello from a program that Solder linked, on a kernel that Solder linked.\n"
.set length, . - line
