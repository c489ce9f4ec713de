// Threads that lock, wait for each other and end; judged by the real kernel.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <semaphore.h>
#include <unistd.h>
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER; static pthread_cond_t c = PTHREAD_COND_INITIALIZER; static long sum; static int ready; static __thread int mine = 7; static sem_t sem; static pthread_barrier_t bar;
static void *work(void *a) { for (int i = 0; i < 1000; i++) { pthread_mutex_lock(&m); sum += (long)a; pthread_mutex_unlock(&m); } mine += (int)(long)a; pthread_barrier_wait(&bar); sem_post(&sem); return (void *)(long)mine; }
static void *waiter(void *a) { pthread_mutex_lock(&m); while (!ready) pthread_cond_wait(&c, &m); pthread_mutex_unlock(&m); return a; }
int main(void) {
  pthread_t t[8]; pthread_barrier_init(&bar, 0, 8); sem_init(&sem, 0, 0);
  for (long i = 0; i < 8; i++) pthread_create(&t[i], 0, work, (void *)i);
  for (int i = 0; i < 8; i++) sem_wait(&sem);
  for (int i = 0; i < 8; i++) { void *r; pthread_join(t[i], &r); printf("%ld ", (long)r); }
  pthread_t w; pthread_create(&w, 0, waiter, "woken"); usleep(1000); pthread_mutex_lock(&m); ready = 1; pthread_cond_broadcast(&c); pthread_mutex_unlock(&m); void *r; pthread_join(w, &r);
  printf("\n%ld %d %s\n", sum, mine, (char *)r);
  pthread_t e; pthread_create(&e, 0, waiter, "x"); pthread_detach(e); usleep(10); 
  return 3; }
