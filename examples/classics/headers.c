#define _GNU_SOURCE
#include <link.h>
#include <stdio.h>

static int show(struct dl_phdr_info *info, size_t size, void *data) {
  printf("%s: dlpi_addr %#lx, dlpi_phnum %d\n", info->dlpi_name, (unsigned long)info->dlpi_addr, info->dlpi_phnum);
  return 0;
}

int main(void) { return dl_iterate_phdr(show, NULL); }
