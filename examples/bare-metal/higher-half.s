# A kernel for x86-64 that runs in the upper half of the address space and is loaded at 1 MiB. It is started as Xen's PVH
# protocol has it: the note says where, in protected mode without paging. .boot runs where it is loaded, turns paging on with
# the same memory at 0 and at KERNEL_BASE, and jumps up; all other code and data have addresses up there.

.section .note.pvh, "a", @note
        .long 4, 4, 18                  # XEN_ELFNOTE_PHYS32_ENTRY
        .asciz "Xen"
        .long start32

.section .boot, "awx"
.code32
.globl start32
start32:
        mov $tables, %eax
        mov %eax, %cr3
        mov %cr4, %eax
        or $0x20, %eax                  # PAE
        mov %eax, %cr4
        mov $0xc0000080, %ecx           # EFER
        rdmsr
        or $0x100, %eax                 # LME
        wrmsr
        mov %cr0, %eax
        or $0x80000001, %eax            # PG, PE
        mov %eax, %cr0
        lgdt gdt_pointer
        ljmp $8, $start64
.code64
start64:
        movabs $high, %rax
        jmp *%rax

        .balign 8
gdt:    .quad 0, 0x00209a0000000000     # nothing; 64-bit code
gdt_pointer:
        .word gdt_pointer - gdt - 1
        .long gdt

        .balign 4096
tables: .quad second + 3                # 0
        .fill 510, 8, 0
        .quad second + 3                # the uppermost 512 GiB
second: .quad third + 3                 # 0
        .fill 509, 8, 0
        .quad third + 3                 # KERNEL_BASE
        .quad 0
third:  .quad 0x83, 0x200083            # 4 MiB in large pages
        .fill 510, 8, 0

.text
high:   mov $stack_top, %rsp            # the address does not fit into 32 bits unless it is extended with its sign
        xor %eax, %eax
        mov %eax, %ds
        mov %eax, %es
        mov %eax, %ss
        cld
        mov $greeting, %rsi
        call print
        cmpq $value, value              # .data holds its own address, from up there
        jne wrong
        lea bss_start(%rip), %rdi
        mov $bss_size - 4096, %ecx      # without the stack
        xor %eax, %eax
        repe scasb
        jne wrong
        mov $right, %rsi
        call print
        mov $0x10, %al
        out %al, $0xf4
wrong:  hlt
        jmp wrong

print:  mov $0x3f8, %edx
1:      lodsb
        test %al, %al
        jz 2f
        out %al, (%dx)
        jmp 1b
2:      ret

.section .rodata
greeting: .asciz "Higher-half kernel: "
right:    .asciz "data and bss are right\n"

.data
value:  .quad value

.bss
        .space 4000
        .balign 16
        .space 4096
stack_top:
