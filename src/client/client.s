# libexec/ld on x86-64 Linux: asks the resident linker (src/cli/server) to link, and does what the answer says; where no
# server answers within a few milliseconds, or anything at all is odd, it becomes the plain command, libexec/plain/ld. It uses
# no library and no memory but its own, because starting is all that it costs. scripts/client.mjs makes the program of it.
#
#   directory of the sockets:  $XDG_RUNTIME_DIR/solder, else /tmp/solder-UID; ours, and closed to everybody else
#   socket of slot 0 to 3:     DIRECTORY/BUILD-SLOT; who listens there must be of our user (SO_PEERCRED)
#   request and answer:        src/cli/server/protocol.ts
#
# Kept in registers:  rbx the socket,  r12 argc,  r13 argv,  r14 envp,  r15 how many slots have been asked,  rbp our user id

        .set    READ, 0
        .set    WRITE, 1
        .set    CLOSE, 3
        .set    POLL, 7
        .set    MMAP, 9
        .set    RT_SIGACTION, 13
        .set    IOCTL, 16
        .set    GETPID, 39
        .set    SOCKET, 41
        .set    CONNECT, 42
        .set    GETSOCKOPT, 55
        .set    EXECVE, 59
        .set    FCNTL, 72
        .set    GETCWD, 79
        .set    READLINK, 89
        .set    UMASK, 95
        .set    GETEUID, 107
        .set    GETEGID, 108
        .set    GETGROUPS, 115
        .set    EXIT_GROUP, 231
        .set    NEWFSTATAT, 262

        .set    SLOTS, 4
        .set    HEADER, 128             # bytes before the groups and texts of a request
        .set    MOST_GROUPS, 64
        .set    FIRST_WAIT, 3           # milliseconds for a slot that is not the last
        .set    LAST_WAIT, 20

        .macro  system number
        mov     $\number, %eax
        syscall
        .endm

        .bss
        .balign 16
header:         .skip   HEADER
groups:         .skip   MOST_GROUPS * 4
directory:      .skip   4096            # the working directory
program:        .skip   4096            # where this program's file is, then the plain command's
status:         .skip   256             # struct stat
polled:         .skip   SLOTS * 8       # struct pollfd of each slot
address:        .skip   112             # struct sockaddr_un
credentials:    .skip   16              # struct ucred
answer:         .skip   16
action:         .skip   32              # struct kernel_sigaction
name_variable:  .skip   272             # SOLDER_LD_NAME=...
socket_end:     .quad   0               # where the slot's digit goes
preferred:      .long   0               # the slot that is asked first

        .data
        .globl  solder_build
solder_build:   .ascii  "BUILD-NOT-FILLED"              # scripts/client.mjs fills in the 16 digits
runtime:        .asciz  "XDG_RUNTIME_DIR="
off:            .asciz  "SOLDER_SERVER=off"
patient:        .asciz  "SOLDER_SERVER=wait"
temporary:      .asciz  "/tmp/solder-"
below:          .asciz  "/solder"
plain:          .asciz  "plain/"
name_is:        .asciz  "SOLDER_LD_NAME="
own_file:       .asciz  "/proc/self/exe"
root:           .asciz  "/"
mounts:         .asciz  "/proc/self/ns/mnt"
processes:      .asciz  "/proc/self/ns/pid"
users:          .asciz  "/proc/self/ns/user"
# What a linker reads of the environment; nothing else is sent.
sent:           .asciz  "LD_RUN_PATH="
                .asciz  "LD_LIBRARY_PATH="
                .asciz  "LDEMULATION="
                .asciz  "COLLECT_NO_DEMANGLE="
                .asciz  "NO_COLOR="
                .byte   0
full:           .ascii  "solder: error: cannot write: no space left on device\n"
                .set    FULL, . - full
unwritten:      .ascii  "solder: error: cannot write: i/o error\n"
                .set    UNWRITTEN, . - unwritten
lost:           .ascii  "solder: error: cannot start "
                .set    LOST, . - lost
line_feed:      .ascii  "\n"

        .text
        .globl  _start
_start:
        mov     (%rsp), %r12
        lea     8(%rsp), %r13
        lea     16(%rsp,%r12,8), %r14
        test    %r12, %r12
        je      become_plain
        system  GETEUID
        mov     %eax, %ebp
        lea     off(%rip), %rsi
        call    find_variable
        test    %rax, %rax
        jne     become_plain
        call    name_sockets
        call    prefer_slot
        call    ask_slots
        call    send_request
        jmp     obey

# ---- texts

# rdi: text; gives its length with the NUL in rax
length:
        xor     %eax, %eax
1:      cmpb    $0, (%rdi,%rax)
        lea     1(%rax), %rax
        jne     1b
        ret

# Copies the text at rsi to rdi, with its NUL; rdi is left behind it.
copy:
        lodsb
        stosb
        test    %al, %al
        jne     copy
        ret

# Copies the text at rsi over the NUL of the one that was copied to before rdi.
join:
        dec     %rdi
        jmp     copy

# Gives in rax what stands behind the text at rsi in the first variable that begins with it, 0 if there is none.
find_variable:
        mov     %r14, %rcx
next_variable:
        mov     (%rcx), %rax
        test    %rax, %rax
        je      3f
        add     $8, %rcx
        mov     %rsi, %rdx
1:      cmpb    $0, (%rdx)
        je      3f
        mov     (%rdx), %r8b
        cmp     %r8b, (%rax)
        jne     next_variable
        inc     %rax
        inc     %rdx
        jmp     1b
3:      ret

# rdi: a variable; eax is 1 if it is one of those that are sent.
is_sent:
        lea     sent(%rip), %rsi
1:      mov     %rdi, %rdx
2:      lodsb
        test    %al, %al
        je      4f
        cmp     %al, (%rdx)
        jne     3f
        inc     %rdx
        jmp     2b
3:      lodsb
        test    %al, %al
        jne     3b
        cmpb    $0, (%rsi)
        jne     1b
        xor     %eax, %eax
        ret
4:      mov     $1, %eax
        ret

# Writes the number in eax to rdi in decimal, and a NUL.
write_number:
        mov     $10, %ecx
        xor     %r8d, %r8d
1:      xor     %edx, %edx
        div     %ecx
        push    %rdx
        inc     %r8d
        test    %eax, %eax
        jne     1b
2:      pop     %rax
        add     $'0', %al
        stosb
        dec     %r8d
        jne     2b
        xor     %eax, %eax
        stosb
        ret

# ---- sockets

# Leaves the address of the sockets but for its last digit. Their directory must be ours and closed to others.
name_sockets:
        movw    $1, address(%rip)               # AF_UNIX
        lea     runtime(%rip), %rsi
        call    find_variable
        test    %rax, %rax
        je      1f
        cmpb    $0, (%rax)
        je      1f
        mov     %rax, %rdi
        mov     %rax, %rsi
        call    length
        cmp     $64, %rax                       # sun_path has room for 108 bytes
        ja      become_plain
        lea     address+2(%rip), %rdi
        call    copy
        lea     below(%rip), %rsi
        call    join
        jmp     2f
1:      lea     temporary(%rip), %rsi
        lea     address+2(%rip), %rdi
        call    copy
        dec     %rdi
        mov     %ebp, %eax
        call    write_number
2:      push    %rdi
        lea     address+2(%rip), %rsi
        mov     $0x100, %r10d                   # AT_SYMLINK_NOFOLLOW
        call    look_at
        mov     status+24(%rip), %eax           # st_mode: a directory, nothing for group and others
        and     $0170077, %eax
        cmp     $0040000, %eax
        jne     become_plain
        cmp     %ebp, status+28(%rip)           # st_uid
        jne     become_plain
        pop     %rdi
        movb    $'/', -1(%rdi)
        lea     solder_build(%rip), %rsi
        mov     $16, %ecx
        rep movsb
        movb    $'-', (%rdi)
        inc     %rdi
        mov     %rdi, socket_end(%rip)
        ret

# fstatat(path rsi, flags r10); no return if there is nothing.
look_at:
        mov     $-100, %edi                     # AT_FDCWD
        lea     status(%rip), %rdx
        system  NEWFSTATAT
        test    %eax, %eax
        js      become_plain
        ret

# The same output is asked of the same slot first, which knows how to relink it, and a build's many outputs of all of them: the
# sum of the bytes behind -o says which. Without -o it is slot 0.
prefer_slot:
        mov     %r13, %rcx
1:      mov     (%rcx), %rax
        test    %rax, %rax
        je      4f
        add     $8, %rcx
        cmpw    $0x6f2d, (%rax)                 # "-o"
        jne     1b
        cmpb    $0, 2(%rax)
        jne     1b
        mov     (%rcx), %rax
        test    %rax, %rax
        je      4f
        xor     %edx, %edx
2:      cmpb    $0, (%rax)
        je      3f
        add     (%rax), %dl
        inc     %rax
        jmp     2b
3:      and     $(SLOTS - 1), %edx
        mov     %edx, preferred(%rip)
4:      ret

# Leaves in rbx the socket of the first slot that says it is free. The preferred one is asked first, then those whose numbers differ
# from its own in one bit, and in two: so each has as many that prefer it, be there one, two or four. Each is asked while those before it stay asked: a server that
# links takes no calls, and one that is idle answers at once.
ask_slots:
        xor     %r15d, %r15d
1:      mov     $1, %edi
        mov     $0x80801, %esi                  # SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK
        xor     %edx, %edx
        system  SOCKET
        mov     %eax, %ebx
        test    %eax, %eax
        js      become_plain
        mov     socket_end(%rip), %rcx
        mov     %r15d, %eax
        xor     preferred(%rip), %eax
        add     $'0', %al
        mov     %al, (%rcx)
        movb    $0, 1(%rcx)
        mov     %ebx, %edi
        lea     address(%rip), %rsi
        lea     2(%rcx), %rdx
        sub     %rsi, %rdx
        system  CONNECT
        test    %eax, %eax
        je      2f
        mov     %ebx, %edi
        system  CLOSE
        mov     $-1, %ebx                       # poll(2) passes over it
2:      lea     polled(%rip), %rcx
        mov     %ebx, (%rcx,%r15,8)
        movl    $1, 4(%rcx,%r15,8)              # POLLIN
        inc     %r15
        cmp     $SLOTS, %r15
        je      3f
        cmp     $0, %ebx
        jl      1b                              # nobody there: the next one, without waiting
        mov     $FIRST_WAIT, %edx
        call    wait
        jmp     1b
3:      mov     polled(%rip), %eax              # are all of them -1?
        and     polled+8(%rip), %eax
        and     polled+16(%rip), %eax
        and     polled+24(%rip), %eax
        js      become_plain
        lea     patient(%rip), %rsi
        call    find_variable
        mov     $LAST_WAIT, %edx
        mov     $-1, %ecx
        test    %rax, %rax
        cmovne  %ecx, %edx
        call    wait
        jmp     become_plain

# Waits edx milliseconds for a slot to say that it is free; returns if none does, and to the caller of ask_slots if one does.
wait:
        lea     polled(%rip), %rdi
        mov     %r15, %rsi
        system  POLL
        test    %eax, %eax
        jle     3f
        xor     %ecx, %ecx
1:      lea     polled(%rip), %rsi
        mov     (%rsi,%rcx,8), %ebx
        test    %ebx, %ebx
        js      2f
        cmpw    $0, 6(%rsi,%rcx,8)
        je      2f
        push    %rcx
        mov     %ebx, %edi
        lea     answer(%rip), %rsi
        mov     $1, %edx
        system  READ
        pop     %rcx
        cmp     $1, %eax
        je      4f
        lea     polled(%rip), %rsi
        movl    $-1, (%rsi,%rcx,8)              # it has hung up
2:      inc     %ecx
        cmp     %r15d, %ecx
        jb      1b
3:      ret
4:      add     $8, %rsp
        mov     %ebx, %edi                      # who is it?
        mov     $1, %esi                        # SOL_SOCKET
        mov     $17, %edx                       # SO_PEERCRED
        lea     credentials(%rip), %r10
        lea     answer(%rip), %r8
        movl    $12, (%r8)
        system  GETSOCKOPT
        test    %eax, %eax
        jne     become_plain
        cmp     %ebp, credentials+4(%rip)       # uid
        jne     become_plain
        mov     %ebx, %edi
        mov     $4, %esi                        # F_SETFL: from here on calls wait
        xor     %edx, %edx
        system  FCNTL
        ret

# ---- the request

# Field number of the header := rax
        .macro  put field
        mov     %rax, header+8*\field(%rip)
        .endm

send_request:
        mov     magic(%rip), %rax
        put     1
        system  GETPID
        put     2
        xor     %edi, %edi
        system  UMASK
        put     3
        mov     %eax, %edi
        system  UMASK
        system  GETEGID
        put     4
        xor     %r10d, %r10d
        lea     root(%rip), %rsi
        call    look_at
        mov     status(%rip), %rax              # st_dev
        put     5
        mov     status+8(%rip), %rax            # st_ino
        put     6
        lea     mounts(%rip), %rsi
        call    look_at
        mov     status+8(%rip), %rax
        put     7
        lea     processes(%rip), %rsi
        call    look_at
        mov     status+8(%rip), %rax
        put     8
        lea     users(%rip), %rsi
        call    look_at
        mov     status+8(%rip), %rax
        put     9
        mov     $1, %edi
        call    is_terminal
        put     10
        mov     $2, %edi
        call    is_terminal
        put     11
        mov     %r12, %rax
        put     12
        mov     $MOST_GROUPS, %edi
        lea     groups(%rip), %rsi
        system  GETGROUPS
        test    %eax, %eax
        js      become_plain
        put     14
        lea     directory(%rip), %rdi
        mov     $4096, %esi
        system  GETCWD
        test    %eax, %eax
        js      become_plain
        cmpb    $'/', directory(%rip)           # "(unreachable)..." is no path
        jne     become_plain

        # How long is it all?
        lea     directory(%rip), %rdi
        call    length
        mov     header+8*14(%rip), %r10
        lea     HEADER(%rax,%r10,4), %r9
        mov     %r13, %rcx
1:      mov     (%rcx), %rdi
        test    %rdi, %rdi
        je      2f
        call    length
        add     %rax, %r9
        add     $8, %rcx
        jmp     1b
2:      mov     %r14, %rcx
        xor     %r10d, %r10d                    # how many variables
3:      mov     (%rcx), %rdi
        test    %rdi, %rdi
        je      5f
        add     $8, %rcx
        call    is_sent
        test    %eax, %eax
        je      3b
        inc     %r10
        call    length
        add     %rax, %r9
        jmp     3b
5:      mov     %r10, %rax
        put     13
        mov     %r9, %rax
        put     0

        mov     %r9, %rsi
        call    allocate
        push    %rax
        mov     %rax, %rdi
        lea     header(%rip), %rsi
        mov     $HEADER, %ecx
        rep movsb
        lea     groups(%rip), %rsi
        mov     header+8*14(%rip), %rcx
        rep movsl
        lea     directory(%rip), %rsi
        call    copy
        mov     %r13, %rcx
6:      mov     (%rcx), %rsi
        test    %rsi, %rsi
        je      7f
        call    copy
        add     $8, %rcx
        jmp     6b
7:      mov     %rdi, %r9
        mov     %r14, %rcx
8:      mov     (%rcx), %rdi
        test    %rdi, %rdi
        je      9f
        add     $8, %rcx
        mov     %rdi, %r8
        call    is_sent
        test    %eax, %eax
        je      8b
        mov     %r8, %rsi
        mov     %r9, %rdi
        call    copy
        mov     %rdi, %r9
        jmp     8b
9:      # A server that goes away meanwhile must not kill us, nor a reader of our output: it would see EPIPE from Node.
        movq    $1, action(%rip)                # SIG_IGN
        mov     $13, %edi                       # SIGPIPE
        lea     action(%rip), %rsi
        xor     %edx, %edx
        mov     $8, %r10d
        system  RT_SIGACTION
        pop     %rsi
        mov     header(%rip), %rdx
        mov     %ebx, %edi
        call    write_all
        test    %eax, %eax
        jne     become_plain
        ret

magic:  .quad   0x31205245444c4f53              # "SOLDER 1"

# eax is 1 if the file of this number is a terminal.
is_terminal:
        mov     $0x5401, %esi                   # TCGETS
        lea     status(%rip), %rdx
        system  IOCTL
        test    %eax, %eax
        sete    %al
        movzbl  %al, %eax
        ret

# rsi bytes of fresh memory, in rax
allocate:
        xor     %edi, %edi
        mov     $3, %edx                        # PROT_READ | PROT_WRITE
        mov     $0x22, %r10d                    # MAP_PRIVATE | MAP_ANONYMOUS
        mov     $-1, %r8
        xor     %r9d, %r9d
        system  MMAP
        test    %rax, %rax
        js      become_plain
        ret

# Writes rdx bytes at rsi to the file edi; eax is 0 if that was possible.
write_all:
        test    %rdx, %rdx
        je      2f
1:      system  WRITE
        cmp     $-4, %rax                       # EINTR
        je      1b
        cmp     $-11, %rax                      # EAGAIN: somebody has made this pipe non-blocking, and it is full
        je      3f
        test    %rax, %rax
        jle     4f
        add     %rax, %rsi
        sub     %rax, %rdx
        jne     1b
2:      xor     %eax, %eax
        ret
3:      push    %rsi
        push    %rdx
        push    %rdi
        mov     %edi, polled(%rip)
        movl    $4, polled+4(%rip)              # POLLOUT
        lea     polled(%rip), %rdi
        mov     $1, %esi
        mov     $-1, %edx
        system  POLL
        pop     %rdi
        pop     %rdx
        pop     %rsi
        jmp     1b
4:      neg     %eax
        ret

# Reads rdx bytes from the server to rsi; without them there is no answer.
read_all:
        test    %rdx, %rdx
        je      2f
1:      mov     %ebx, %edi
        system  READ
        cmp     $-4, %rax
        je      1b
        test    %rax, %rax
        jle     become_plain
        add     %rax, %rsi
        sub     %rax, %rdx
        jne     1b
2:      ret

# ---- the answer: 32 bits what to do (0 end, 1 become the plain command), 32 bits exit status, 64 bits length of what to write
# out: for each text 32 bits the file's number, 32 bits the length, and the text. All of it is here before anything is written.
obey:
        lea     answer(%rip), %rsi
        mov     $16, %edx
        call    read_all
        cmpl    $0, answer(%rip)
        jne     become_plain
        mov     answer+8(%rip), %rsi
        test    %rsi, %rsi
        je      end
        call    allocate
        mov     %rax, %r15
        mov     %rax, %rsi
        mov     answer+8(%rip), %rdx
        call    read_all
        mov     answer+8(%rip), %rbp
        add     %r15, %rbp
1:      cmp     %rbp, %r15
        jae     end
        mov     (%r15), %edi
        mov     4(%r15), %edx
        lea     8(%r15), %rsi
        lea     8(%r15,%rdx), %r15
        call    write_all
        test    %eax, %eax
        je      1b
        cmp     $32, %eax                       # EPIPE: the reader has gone, there is nobody to tell
        je      1b
        cmp     $1, %edi
        jne     1b
        movl    $1, answer+4(%rip)              # what has been written is not all, so it counts as nothing
        mov     $2, %edi
        lea     full(%rip), %rsi
        mov     $FULL, %edx
        cmp     $28, %eax                       # ENOSPC
        je      2f
        lea     unwritten(%rip), %rsi
        mov     $UNWRITTEN, %edx
2:      call    write_all
end:
        mov     answer+4(%rip), %edi
        system  EXIT_GROUP

# ---- the plain command: the script of this program's own name in the directory plain beside it. It cannot see the name under
# which it was called, which decides the default emulation (i686-linux-gnu-ld), so a variable tells.

become_plain:
        lea     own_file(%rip), %rdi
        lea     program(%rip), %rsi
        mov     $4000, %edx
        system  READLINK
        test    %eax, %eax
        jle     fail
        lea     program(%rip), %rsi
        lea     (%rsi,%rax), %rdi               # behind the last character
        xor     %ecx, %ecx
1:      inc     %ecx                            # the name and its NUL
        dec     %rdi
        cmpb    $'/', (%rdi)
        jne     1b
        lea     (%rsi,%rax), %rsi
        lea     6(%rsi), %rdi
        std
        rep movsb
        cld
        lea     1(%rsi), %rdi
        lea     plain(%rip), %rsi
        mov     $6, %ecx
        rep movsb

        mov     %r14, %rcx
        xor     %eax, %eax
2:      add     $1, %eax
        cmpq    $0, -8(%r14,%rax,8)
        jne     2b
        lea     8(,%rax,8), %rdx
        sub     %rdx, %rsp
        and     $-16, %rsp
        mov     %rsp, %rdi
        mov     (%r13), %rdx
        test    %r12, %r12
        je      5f
        mov     %rdx, %rsi                      # behind the last slash of argv[0]
3:      cmpb    $0, (%rdx)
        je      4f
        cmpb    $'/', (%rdx)
        lea     1(%rdx), %rdx
        jne     3b
        mov     %rdx, %rsi
        jmp     3b
4:      sub     %rsi, %rdx
        cmp     $255, %rdx
        ja      5f
        push    %rax
        push    %rdi
        push    %rsi
        lea     name_is(%rip), %rsi
        lea     name_variable(%rip), %rdi
        call    copy
        pop     %rsi
        call    join
        pop     %rdi
        pop     %rax
        lea     name_variable(%rip), %rdx
        mov     %rdx, (%rdi)
        add     $8, %rdi
5:      mov     %r14, %rsi
        mov     %eax, %ecx
        mov     %rsp, %rdx
        rep movsq
        lea     program(%rip), %rdi
        mov     %r13, %rsi
        system  EXECVE
fail:
        mov     $2, %edi
        lea     lost(%rip), %rsi
        mov     $LOST, %edx
        call    write_all
        lea     program(%rip), %rdi
        call    length
        lea     -1(%rax), %rdx
        lea     program(%rip), %rsi
        mov     $2, %edi
        call    write_all
        lea     line_feed(%rip), %rsi
        mov     $1, %edx
        mov     $2, %edi
        call    write_all
        mov     $127, %edi
        system  EXIT_GROUP
