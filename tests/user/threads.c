// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * POSIX threads in earnest: what waits for what (mutexes, conditions, barriers, semaphores), what
 * belongs to each thread (its storage, its floating-point registers, its signals), and how threads
 * meet the rest of a process: exit, fork, execve and death.
 */
#define _GNU_SOURCE
#include "check.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <xmmintrin.h>

#define STACK (64ul << 10)

/* ---- helpers ---- */

static pthread_t start(void *(*body)(void *), void *argument)
{
	pthread_t thread;

	CHECK_IS(pthread_create(&thread, NULL, body, argument), 0);
	return thread;
}

static void *join(pthread_t thread)
{
	void *result;

	CHECK_IS(pthread_join(thread, &result), 0);
	return result;
}

/* Starts as many, with their numbers from 0 as arguments, and waits for all of them. */
static void run_threads(size_t count, void *(*body)(void *))
{
	pthread_t threads[16];

	CHECK(count <= ARRAY_SIZE(threads));
	for (size_t i = 0; i < count; i++)
		threads[i] = start(body, (void *)i);
	for (size_t i = 0; i < count; i++)
		join(threads[i]);
}

static struct timespec soon(clockid_t clock, long milliseconds)
{
	struct timespec time;

	clock_gettime(clock, &time);
	time.tv_nsec += milliseconds * 1000000;
	time.tv_sec += time.tv_nsec / 1000000000;
	time.tv_nsec %= 1000000000;
	return time;
}

static long thread_id(void)
{
	return syscall(SYS_gettid);
}

static void *sleep_for_ever(void *argument)
{
	for (;;)
		nap(100000);
	return argument;
}

static void *spin_for_ever(void *argument)
{
	for (volatile unsigned long i = 0;; i++)
		;
	return argument;
}

/* ---- what waits for what ---- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static unsigned long shared_count;

static void *count_up(void *argument)
{
	for (int i = 0; i < 20000; i++) {
		pthread_mutex_lock(&mutex);
		shared_count++;
		pthread_mutex_unlock(&mutex);
		if (i % 1000 == 0)
			sched_yield();
	}
	return argument;
}

static void mutex_keeps_a_count(void)
{
	run_threads(8, count_up);
	CHECK_IS(shared_count, 8 * 20000);
}

/* A queue so short that both sides have to wait often. */
static struct {
	pthread_mutex_t mutex;
	pthread_cond_t not_empty, not_full;
	unsigned int values[4], head, tail;
} queue = {
	.mutex = PTHREAD_MUTEX_INITIALIZER,
	.not_empty = PTHREAD_COND_INITIALIZER,
	.not_full = PTHREAD_COND_INITIALIZER,
};

#define PRODUCED 2000u

static void enqueue(unsigned int value)
{
	pthread_mutex_lock(&queue.mutex);
	while (queue.head - queue.tail == ARRAY_SIZE(queue.values))
		pthread_cond_wait(&queue.not_full, &queue.mutex);
	queue.values[queue.head++ % ARRAY_SIZE(queue.values)] = value;
	pthread_cond_signal(&queue.not_empty);
	pthread_mutex_unlock(&queue.mutex);
}

static unsigned int dequeue(void)
{
	unsigned int value;

	pthread_mutex_lock(&queue.mutex);
	while (queue.head == queue.tail)
		pthread_cond_wait(&queue.not_empty, &queue.mutex);
	value = queue.values[queue.tail++ % ARRAY_SIZE(queue.values)];
	pthread_cond_broadcast(&queue.not_full);
	pthread_mutex_unlock(&queue.mutex);
	return value;
}

static void *produce(void *argument)
{
	for (unsigned int i = 1; i <= PRODUCED; i++)
		enqueue(i);
	return argument;
}

static void *consume(void *argument)
{
	uintptr_t sum = 0;
	unsigned int value;

	(void)argument;
	while ((value = dequeue()))
		sum += value;
	return (void *)sum;
}

static void producers_and_consumers(void)
{
	pthread_t consumers[2] = {start(consume, NULL), start(consume, NULL)};
	uintptr_t sum = 0;

	run_threads(3, produce);
	enqueue(0);
	enqueue(0);
	for (size_t i = 0; i < ARRAY_SIZE(consumers); i++)
		sum += (uintptr_t)join(consumers[i]);
	CHECK_IS(sum, 3ul * PRODUCED * (PRODUCED + 1) / 2);
}

#define MEETING 5
#define ROUNDS  100

static pthread_barrier_t barrier;
static atomic_uint arrived, serial;

static void *meet(void *argument)
{
	for (unsigned int round = 1; round <= ROUNDS; round++) {
		atomic_fetch_add(&arrived, 1);
		if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
			atomic_fetch_add(&serial, 1);
		CHECK_IS(atomic_load(&arrived), MEETING * round);
		pthread_barrier_wait(&barrier);
	}
	return argument;
}

static void barriers(void)
{
	CHECK_IS(pthread_barrier_init(&barrier, NULL, MEETING), 0);
	run_threads(MEETING, meet);
	CHECK_IS(serial, ROUNDS);
	CHECK_IS(pthread_barrier_destroy(&barrier), 0);
}

static void kinds_of_mutexes(void)
{
	pthread_mutexattr_t attributes;
	pthread_mutex_t recursive, careful;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&recursive, &attributes);
	pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&careful, &attributes);

	CHECK_IS(pthread_mutex_lock(&recursive), 0);
	CHECK_IS(pthread_mutex_lock(&recursive), 0);
	CHECK_IS(pthread_mutex_unlock(&recursive), 0);
	CHECK_IS(pthread_mutex_unlock(&recursive), 0);
	CHECK_IS(pthread_mutex_unlock(&careful), EPERM);
	CHECK_IS(pthread_mutex_lock(&careful), 0);
	CHECK_IS(pthread_mutex_lock(&careful), EDEADLK);
	CHECK_IS(pthread_mutex_trylock(&careful), EBUSY);
	CHECK_IS(pthread_mutex_unlock(&careful), 0);
}

static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static unsigned long pair[2];

static void *read_and_write(void *argument)
{
	for (int i = 0; i < 2000; i++) {
		if (i % 8 == (int)(uintptr_t)argument) {
			pthread_rwlock_wrlock(&rwlock);
			pair[0]++;
			sched_yield();
			pair[1]++;
		} else {
			pthread_rwlock_rdlock(&rwlock);
			CHECK_IS(pair[0], pair[1]);
		}
		pthread_rwlock_unlock(&rwlock);
	}
	return argument;
}

static void readers_and_writers(void)
{
	run_threads(4, read_and_write);
	CHECK_IS(pair[0], 4 * 250);
}

static void *lock_held_by_another(void *argument)
{
	struct timespec deadline = soon(CLOCK_REALTIME, 50);
	long begin = milliseconds_now();

	CHECK_IS(pthread_mutex_trylock(&mutex), EBUSY);
	CHECK_IS(pthread_mutex_timedlock(&mutex, &deadline), ETIMEDOUT);
	CHECK(milliseconds_now() - begin >= 45);
	CHECK_IS(pthread_mutex_timedlock(&mutex, &deadline), ETIMEDOUT); /* it has passed */
	return argument;
}

static void deadlines(void)
{
	pthread_cond_t never = PTHREAD_COND_INITIALIZER, monotonic;
	pthread_condattr_t attributes;
	struct timespec deadline;
	long begin;
	sem_t semaphore;

	pthread_mutex_lock(&mutex);
	join(start(lock_held_by_another, NULL));
	begin = milliseconds_now();
	deadline = soon(CLOCK_REALTIME, 50);
	CHECK_IS(pthread_cond_timedwait(&never, &mutex, &deadline), ETIMEDOUT);
	CHECK(milliseconds_now() - begin >= 45);

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&monotonic, &attributes);
	begin = milliseconds_now();
	deadline = soon(CLOCK_MONOTONIC, 50);
	CHECK_IS(pthread_cond_timedwait(&monotonic, &mutex, &deadline), ETIMEDOUT);
	CHECK(milliseconds_now() - begin >= 49);
	pthread_mutex_unlock(&mutex);

	sem_init(&semaphore, 0, 0);
	deadline = soon(CLOCK_REALTIME, 20);
	CHECK_ERROR(sem_timedwait(&semaphore, &deadline), ETIMEDOUT);
}

/* Two processes, one semaphore and one mutex between them. */
static void shared_between_processes(void)
{
	struct {
		pthread_mutex_t mutex;
		sem_t ping, pong;
		unsigned long count;
	} *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			 -1, 0);
	pthread_mutexattr_t attributes;
	pid_t pid;

	CHECK(shared != MAP_FAILED);
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&shared->mutex, &attributes);
	sem_init(&shared->ping, 1, 0);
	sem_init(&shared->pong, 1, 0);
	pid = fork();
	CHECK(pid >= 0);
	for (int i = 0; i < 500; i++) {
		if (pid) {
			sem_post(&shared->ping);
			sem_wait(&shared->pong);
		} else {
			sem_wait(&shared->ping);
			sem_post(&shared->pong);
		}
		pthread_mutex_lock(&shared->mutex);
		shared->count++;
		if (i % 50 == 0)
			sched_yield();
		pthread_mutex_unlock(&shared->mutex);
	}
	if (!pid)
		_exit(0);
	check_exit(pid, 0);
	CHECK_IS(shared->count, 1000);
}

/* ---- what belongs to each thread ---- */

static __thread unsigned long own_value = 41, own_zero;
static pthread_key_t key;
static atomic_uint destroyed;

static void destroy(void *value)
{
	atomic_fetch_add(&destroyed, (unsigned int)(uintptr_t)value);
}

static void *use_own_storage(void *argument)
{
	uintptr_t number = (uintptr_t)argument;

	CHECK_IS(own_value, 41);
	CHECK_IS(own_zero, 0);
	CHECK(!pthread_getspecific(key));
	pthread_setspecific(key, (void *)(number + 1));
	for (unsigned long i = 0; i < 500; i++) {
		own_value = number;
		own_zero += number;
		sched_yield();
		CHECK_IS(own_value, number);
		CHECK_IS(own_zero, number * (i + 1));
		CHECK_IS((uintptr_t)pthread_getspecific(key), number + 1);
	}
	return argument;
}

static void own_storage(void)
{
	CHECK_IS(pthread_key_create(&key, destroy), 0);
	run_threads(6, use_own_storage);
	CHECK_IS(own_value, 41);
	CHECK_IS(own_zero, 0);
	CHECK_IS(destroyed, 1 + 2 + 3 + 4 + 5 + 6);
}

static void *leave_early(void *argument)
{
	if ((uintptr_t)argument % 2)
		pthread_exit((void *)((uintptr_t)argument * 3));
	return (void *)((uintptr_t)argument * 2);
}

static void joined_values(void)
{
	for (uintptr_t i = 0; i < 20; i++)
		CHECK_IS((uintptr_t)join(start(leave_early, (void *)i)), i % 2 ? i * 3 : i * 2);
}

static sem_t done;

static void *post_done(void *argument)
{
	CHECK_IS(pthread_detach(pthread_self()), 0);
	sem_post(&done);
	return argument;
}

static void detached_threads(void)
{
	sem_init(&done, 0, 0);
	for (int i = 0; i < 200; i++) {
		start(post_done, NULL);
		if (i % 8 == 7)
			for (int j = 0; j < 8; j++)
				sem_wait(&done);
	}
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static unsigned int times_initialised;

static void initialise(void)
{
	nap(10); /* the others have to wait for it */
	times_initialised++;
}

static void *need_initialised(void *argument)
{
	pthread_once(&once, initialise);
	CHECK_IS(times_initialised, 1);
	return argument;
}

static void initialised_once(void)
{
	run_threads(6, need_initialised);
}

/* Three spin without a system call, and all of them get ahead. */
static atomic_bool stop;
static atomic_ulong progress[3];

static void *spin(void *argument)
{
	while (!atomic_load(&stop))
		atomic_fetch_add(&progress[(uintptr_t)argument], 1);
	return argument;
}

static void spinning_is_preempted(void)
{
	pthread_t threads[2] = {start(spin, (void *)0), start(spin, (void *)1)};

	while (atomic_load(&progress[0]) < 100000 || atomic_load(&progress[1]) < 100000)
		atomic_fetch_add(&progress[2], 1);
	nap(30); /* this one wakes up although the others never sleep */
	atomic_store(&stop, true);
	join(threads[0]);
	join(threads[1]);
}

/* A slow sum in SSE and x87 registers, different for each start. */
static double series(unsigned int first)
{
	long double x87 = 1.0L / (first + 3);
	double sum = 0;

	for (unsigned int i = first; i < first + 200000; i++) {
		sum += 1.0 / ((double)i * i + 1.0);
		x87 = x87 * 1.0000001L + 1e-9L * i;
	}
	return sum + (double)x87;
}

static double expected_sums[8], sums[8];
static atomic_ulong differences;

/* Each thread rounds in a direction of its own. */
static void *compute(void *argument)
{
	uintptr_t number = (uintptr_t)argument;
	unsigned int control = (_mm_getcsr() & ~_MM_ROUND_MASK) | (unsigned int)(number % 4) << 13;

	_mm_setcsr(control);
	for (int i = 0; i < 5; i++) {
		double sum = series((unsigned int)number);

		if (sums[number] != 0 && sums[number] != sum)
			atomic_fetch_add(&differences, 1);
		sums[number] = sum;
		if ((_mm_getcsr() & _MM_ROUND_MASK) != (control & _MM_ROUND_MASK))
			atomic_fetch_add(&differences, 1);
		sched_yield();
	}
	return argument;
}

static void floating_point(void)
{
	for (uintptr_t i = 0; i < 8; i++) {
		join(start(compute, (void *)i)); /* alone */
		expected_sums[i] = sums[i];
		sums[i] = 0;
	}
	run_threads(8, compute);
	for (size_t i = 0; i < 8; i++)
		CHECK(!memcmp(&sums[i], &expected_sums[i], sizeof(sums[i])));
	CHECK_IS(differences, 0);
	CHECK_IS(_mm_getcsr() & _MM_ROUND_MASK, 0);
}

/* ---- signals ---- */

static __thread volatile sig_atomic_t signals_here;

static void count_signal(int signal)
{
	(void)signal;
	signals_here++;
}

static void handle(int signal, void (*handler)(int))
{
	struct sigaction action = {.sa_handler = handler};

	CHECK_IS(sigaction(signal, &action, NULL), 0);
}

static void *wait_for_signals(void *argument)
{
	(void)argument;
	while (signals_here < 3)
		nap(1);
	nap(20);
	return (void *)(uintptr_t)signals_here;
}

static void signals_to_one_thread(void)
{
	pthread_t chosen, other;

	handle(SIGUSR1, count_signal);
	chosen = start(wait_for_signals, NULL);
	other = start(sleep_for_ever, NULL);
	for (int i = 0; i < 3; i++) {
		CHECK_IS(pthread_kill(chosen, SIGUSR1), 0);
		nap(30); /* equal signals that wait are one */
	}
	CHECK_IS((uintptr_t)join(chosen), 3);
	CHECK_IS(signals_here, 0);
	CHECK_IS(pthread_kill(other, 0), 0);
	CHECK_IS(pthread_kill(other, 100), EINVAL);
}

static void change_mask(int how, int signal)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal);
	CHECK_IS(pthread_sigmask(how, &set, NULL), 0);
}

static void *unblock_and_wait(void *argument)
{
	change_mask(SIG_UNBLOCK, SIGUSR2);
	while (!signals_here)
		nap(1);
	return argument;
}

static void signals_find_who_wants_them(void)
{
	pthread_t willing;

	handle(SIGUSR2, count_signal);
	change_mask(SIG_BLOCK, SIGUSR2);
	start(sleep_for_ever, NULL); /* blocks it as well */
	willing = start(unblock_and_wait, NULL);
	CHECK_IS(kill(getpid(), SIGUSR2), 0);
	join(willing);
	CHECK_IS(signals_here, 0);
}

static void *take_signal(void *argument)
{
	sigset_t set;
	int signal = 0;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	CHECK_IS(sigwait(&set, &signal), 0);
	CHECK_IS(signal, SIGUSR1);
	return argument;
}

static void signals_are_waited_for(void)
{
	pthread_t thread;

	change_mask(SIG_BLOCK, SIGUSR1);
	thread = start(take_signal, NULL);
	nap(10);
	CHECK_IS(kill(getpid(), SIGUSR1), 0);
	join(thread);
}

static atomic_uint cleaned_up;

static void clean_up(void *argument)
{
	(void)argument;
	atomic_fetch_add(&cleaned_up, 1);
}

static void *sleep_with_cleanup(void *argument)
{
	pthread_cleanup_push(clean_up, NULL);
	sleep_for_ever(NULL);
	pthread_cleanup_pop(0);
	return argument;
}

static void cancelled(void)
{
	for (int i = 0; i < 10; i++) {
		pthread_t thread = start(sleep_with_cleanup, NULL);

		if (i % 2)
			nap(5); /* also before it has begun */
		CHECK_IS(pthread_cancel(thread), 0);
		CHECK(join(thread) == PTHREAD_CANCELED);
	}
	CHECK(cleaned_up >= 1);
}

/* ---- stacks and numbers ---- */

__attribute__((noinline)) static int recurse(int depth)
{
	volatile char frame[1024];

	frame[0] = (char)depth;
	return depth < 0 ? 0 : recurse(depth + 1) + frame[0];
}

static void *overflow(void *argument)
{
	return (void *)((uintptr_t)argument + (uintptr_t)recurse(1));
}

static int overflow_a_thread(void)
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	CHECK_IS(pthread_attr_setstacksize(&attributes, STACK), 0);
	CHECK_IS(pthread_attr_setguardsize(&attributes, 4096), 0);
	CHECK_IS(pthread_create(&thread, &attributes, overflow, NULL), 0);
	join(thread);
	return 0;
}

static void *address_of_a_local(void *argument)
{
	volatile char local = 1;

	(void)argument;
	return (void *)((uintptr_t)&local & ~15ul);
}

static void stacks(void)
{
	char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_attr_t attributes;
	pthread_t thread;
	char *local;

	CHECK(stack != MAP_FAILED);
	check_killed(start_child(overflow_a_thread), SIGSEGV);
	pthread_attr_init(&attributes);
	CHECK_IS(pthread_attr_setstack(&attributes, stack, STACK), 0);
	CHECK_IS(pthread_create(&thread, &attributes, address_of_a_local, NULL), 0);
	local = join(thread);
	CHECK(local >= stack && local < stack + STACK);
	CHECK_IS(munmap(stack, STACK), 0);
}

#define MANY 64

static void *meet_once(void *argument)
{
	(void)argument;
	pthread_barrier_wait(&barrier);
	return (void *)thread_id();
}

static void many_at_once(void)
{
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK);
	pthread_barrier_init(&barrier, NULL, MANY + 1);
	for (int round = 0; round < 10; round++) {
		pthread_t threads[MANY];
		uintptr_t ids[MANY];

		for (int i = 0; i < MANY; i++)
			CHECK_IS(pthread_create(&threads[i], &attributes, meet_once, NULL), 0);
		pthread_barrier_wait(&barrier);
		for (int i = 0; i < MANY; i++) {
			ids[i] = (uintptr_t)join(threads[i]);
			CHECK(ids[i] != (uintptr_t)getpid());
			for (int j = 0; j < i; j++)
				CHECK(ids[i] != ids[j]);
		}
	}
}

/* ---- threads and processes ---- */

static int exit_among_threads(void)
{
	start(spin_for_ever, NULL);
	start(sleep_for_ever, NULL);
	start(spin_for_ever, NULL);
	nap(20);
	exit(7);
}

static void *exit_in_thread(void *argument)
{
	exit((int)(uintptr_t)argument);
}

static int exit_from_a_thread(void)
{
	start(spin_for_ever, NULL);
	join(start(exit_in_thread, (void *)9));
	return 0;
}

static void *end_later(void *argument)
{
	nap(50);
	return argument;
}

static void main_thread_leaves(void)
{
	start(end_later, NULL);
	pthread_exit(NULL);
}

/* In a new program: after a fork, some versions of musl cannot do it. */
static int execute_main_thread_leaves(void)
{
	execl(self_path(), "threads", "--main-leaves", NULL);
	return 1;
}

static void exits(void)
{
	long begin;

	check_exit(start_child(exit_among_threads), 7);
	check_exit(start_child(exit_from_a_thread), 9);
	begin = milliseconds_now();
	check_exit(start_child(execute_main_thread_leaves), 0); /* with the last thread */
	CHECK(milliseconds_now() - begin >= 45);
}

static void *write_to_null(void *argument)
{
	nap(5);
	*(volatile int *)argument = 1;
	return argument;
}

static int crash_in_a_thread(void)
{
	start(spin_for_ever, NULL);
	start(write_to_null, NULL);
	sleep_for_ever(NULL);
	return 0;
}

static int killed_with_threads(void)
{
	start(spin_for_ever, NULL);
	run_threads(4, sleep_for_ever);
	return 0;
}

static void deaths(void)
{
	pid_t pid;

	check_killed(start_child(crash_in_a_thread), SIGSEGV);
	pid = start_child(killed_with_threads);
	nap(20);
	CHECK_IS(kill(pid, SIGKILL), 0);
	check_killed(pid, SIGKILL);
}

static void *execute(void *argument)
{
	char pid[16];
	char *arguments[] = {"threads", "--executed", pid, NULL};
	char *environment[] = {NULL};

	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	execve(self_path(), arguments, environment);
	return argument;
}

static int execute_from_a_thread(void)
{
	start(spin_for_ever, NULL);
	start(sleep_for_ever, NULL);
	nap(10);
	join(start(execute, NULL));
	return 1;
}

/* What the new program sees: the old process number, and no other thread. */
static int executed(const char *pid)
{
	return getpid() == atoi(pid) && thread_id() == getpid() ? 5 : 1;
}

static void execve_from_a_thread(void)
{
	check_exit(start_child(execute_from_a_thread), 5);
}

static unsigned int forks_seen;

static void see_fork(void)
{
	forks_seen++;
}

static void *allocate(void *argument)
{
	while (!atomic_load(&stop)) {
		char *memory = malloc(100 + (unsigned int)own_zero++ % 1000);

		CHECK(memory);
		memset(memory, 1, 100);
		free(memory);
	}
	return argument;
}

static int alone_after_fork(void)
{
	unsigned long before = atomic_load(&progress[0]);
	char *memory = malloc(5000); /* its lock was not held by a thread that is no more */

	CHECK(memory);
	memset(memory, 2, 5000);
	free(memory);
	CHECK_IS(thread_id(), getpid());
	nap(5);
	CHECK_IS(atomic_load(&progress[0]), before);
	shared_count = 0;
	run_threads(2, count_up); /* and it can have new ones */
	return shared_count == 2 * 20000 ? 6 : 1;
}

static void fork_among_threads(void)
{
	pthread_t threads[3] = {start(spin, (void *)0), start(allocate, NULL),
				start(allocate, NULL)};

	pthread_atfork(see_fork, see_fork, NULL);
	for (int i = 0; i < 10; i++)
		check_exit(start_child(alone_after_fork), 6);
	CHECK_IS(forks_seen, 20);
	atomic_store(&stop, true);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		join(threads[i]);
}

int main(int argc, char **argv)
{
	static const struct check_test tests[] = {
		CHECK_TEST(mutex_keeps_a_count),
		CHECK_TEST(producers_and_consumers),
		CHECK_TEST(barriers),
		CHECK_TEST(kinds_of_mutexes),
		CHECK_TEST(readers_and_writers),
		CHECK_TEST(deadlines),
		CHECK_TEST(shared_between_processes),
		CHECK_TEST(own_storage),
		CHECK_TEST(joined_values),
		CHECK_TEST(detached_threads),
		CHECK_TEST(initialised_once),
		CHECK_TEST(spinning_is_preempted),
		CHECK_TEST(floating_point),
		CHECK_TEST(signals_to_one_thread),
		CHECK_TEST(signals_find_who_wants_them),
		CHECK_TEST(signals_are_waited_for),
		CHECK_TEST(cancelled),
		CHECK_TEST(stacks),
		CHECK_TEST(many_at_once),
		CHECK_TEST(exits),
		CHECK_TEST(deaths),
		CHECK_TEST(execve_from_a_thread),
		CHECK_TEST(fork_among_threads),
	};

	if (argc == 3 && !strcmp(argv[1], "--executed"))
		return executed(argv[2]);
	if (argc == 2 && !strcmp(argv[1], "--main-leaves"))
		main_thread_leaves();
	return check_run("threads", tests, ARRAY_SIZE(tests), argc > 1 ? argv[1] : NULL);
}
