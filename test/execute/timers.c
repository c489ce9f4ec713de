// Timers that send signals: to the process, to a thread, by a function of a thread of its own, and those of CPU time. Prints what it finds.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int rings;
static sem_t called;
static void on_ring(int number) { rings++; }
static void in_thread(union sigval value) {
  printf("called with %d\n", value.sival_int);
  sem_post(&called);
}

static struct itimerspec every(long milliseconds, long first) {
  return (struct itimerspec){{0, milliseconds * 1000000}, {0, first * 1000000}};
}

int main(void) {
  timer_t timer;
  siginfo_t info;
  sigset_t set;
  struct itimerspec spec = every(2, 3), left;
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 77};
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigprocmask(SIG_BLOCK, &set, NULL);
  printf("create %d\n", timer_create(CLOCK_MONOTONIC, &event, &timer));
  timer_gettime(timer, &left);
  printf("not set: %ld %ld\n", (long)left.it_value.tv_sec, left.it_value.tv_nsec);
  printf("set %d\n", timer_settime(timer, 0, &spec, NULL));
  timer_gettime(timer, &left);
  printf("left %d, every %ld\n", left.it_value.tv_nsec > 0 && left.it_value.tv_nsec <= 3000000, left.it_interval.tv_nsec);
  for (int at = 0; at < 3; at++) {
    int got = sigwaitinfo(&set, &info);
    printf("signal %d code %d value %d\n", got == SIGUSR1, info.si_code, info.si_value.sival_int);
  }
  usleep(20000);
  sigwaitinfo(&set, &info);
  printf("overrun %d\n", timer_getoverrun(timer) >= 3);
  spec = every(0, 0);
  printf("stop %d\n", timer_settime(timer, 0, &spec, &left));
  spec.it_value.tv_nsec = 2000000000;
  printf("odd %d %d\n", timer_settime(timer, 0, &spec, NULL), errno);
  printf("delete %d\n", timer_delete(timer));
  printf("clock %d %d\n", timer_create(99, &event, &timer), errno);
  event.sigev_signo = 99;
  printf("signal %d %d\n", timer_create(CLOCK_REALTIME, &event, &timer), errno);
  // An absolute time that has gone by.
  signal(SIGALRM, on_ring);
  timer_create(CLOCK_REALTIME, NULL, &timer);
  spec = (struct itimerspec){{0, 0}, {1000, 0}};
  timer_settime(timer, TIMER_ABSTIME, &spec, NULL);
  while (rings == 0) {}
  printf("rang %d\n", rings);
  timer_delete(timer);
  sem_init(&called, 0, 0);
  event = (struct sigevent){.sigev_notify = SIGEV_THREAD, .sigev_notify_function = in_thread, .sigev_value.sival_int = 5};
  printf("thread %d\n", timer_create(CLOCK_MONOTONIC, &event, &timer));
  spec = every(0, 1);
  timer_settime(timer, 0, &spec, NULL);
  sem_wait(&called);
  timer_delete(timer);
  int kinds[] = {ITIMER_VIRTUAL, ITIMER_PROF}, numbers[] = {SIGVTALRM, SIGPROF};
  for (int at = 0; at < 2; at++) {
    struct itimerval value = {{0, 1000}, {0, 1000}}, before;
    rings = 0;
    signal(numbers[at], on_ring);
    setitimer(kinds[at], &value, NULL);
    while (rings < 2) {}
    value = (struct itimerval){{0, 0}, {0, 0}};
    setitimer(kinds[at], &value, &before);
    printf("CPU time: %d\n", before.it_interval.tv_usec > 0);
  }
  printf("which %d %d\n", (int)syscall(SYS_setitimer, 7, &spec, NULL), errno);
  return 0;
}
