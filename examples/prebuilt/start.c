// Where the program starts when there is no crt1.o.
int main(void);
__attribute__((noreturn)) void _exit(int status);

__attribute__((noreturn, force_align_arg_pointer)) void _start(void)
{
	_exit(main());
}
