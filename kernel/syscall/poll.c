// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Waiting for several files at once: poll(2), and select(2), which is done by poll.
 */
#include <arch/time.h>
#include <kernel/file/user_memory.h>
#include <kernel/lib/errno.h>
#include <kernel/process/clock.h>
#include <kernel/syscall/table.h>

struct poll_request {
	int32_t descriptor;
	int16_t wanted, ready;
};

static unsigned int ready_of(int32_t descriptor)
{
	struct file *file = file_at(process_current()->files, (uint64_t)(int64_t)descriptor);

	if (!file)
		return READY_INVALID;
	return file->type->ready ? file->type->ready(file) : READY_IN | READY_OUT;
}

/* Adds POLLRDNORM and POLLWRNORM, the synonyms of POLLIN and POLLOUT. */
static unsigned int with_synonyms(unsigned int ready)
{
	return ready | (ready & READY_IN ? 0x40u : 0) | (ready & READY_OUT ? 0x100u : 0);
}

/* Sets what is ready in each request, and returns the number of requests with anything ready. */
static long look(struct poll_request *requests, uint64_t count)
{
	const unsigned int always = READY_ERROR | READY_HANGUP | READY_INVALID;
	long found = 0;

	for (uint64_t i = 0; i < count; i++) {
		struct poll_request *request = &requests[i];

		request->ready = 0;
		if (request->descriptor < 0)
			continue;
		request->ready = (int16_t)(with_synonyms(ready_of(request->descriptor)) &
					   ((unsigned int)request->wanted | always));
		found += request->ready != 0;
	}
	return found;
}

static long wait_until_ready(struct poll_request *requests, uint64_t count, uint64_t deadline)
{
	bool events = events_mask();
	long result;

	while (!(result = look(requests, count)) && time_system() < deadline) {
		result = -ERESTART_UNLESS_HANDLED;
		if (thread_interrupted())
			break;
		task_sleep_until(&files_ready, deadline);
	}
	events_restore(events);
	return result;
}

/* Waits with another signal mask, as rt_sigsuspend() does, if "mask" is not 0. */
static long with_mask(uintptr_t mask, struct poll_request *requests, uint64_t count,
		      uint64_t deadline)
{
	struct thread *thread = thread_current();
	uint64_t before = thread->blocked, set;
	long result;

	if (!mask)
		return wait_until_ready(requests, count, deadline);
	if (user_read(mask, &set, sizeof(set)))
		return -EFAULT;
	thread->blocked = set & ~(signal_bit(SIGKILL) | signal_bit(SIGSTOP));
	result = wait_until_ready(requests, count, deadline);
	if (result == -ERESTART_UNLESS_HANDLED) {
		thread->blocked_after = before;
		thread->suspended = true;
	} else {
		thread->blocked = before;
	}
	return result;
}

static long poll(uintptr_t address, uint64_t count, uint64_t deadline, uintptr_t mask)
{
	struct poll_request requests[FILES_MOST];
	long result;

	if (count > FILES_MOST)
		return -EINVAL;
	if (user_read(address, requests, count * sizeof(requests[0])))
		return -EFAULT;
	result = with_mask(mask, requests, count, deadline);
	if (result >= 0 && user_write(address, requests, count * sizeof(requests[0])))
		return -EFAULT;
	return result;
}

/* Keeps the deadline of the first attempt when an interrupted call is made again. */
static uint64_t lasting_deadline(uint64_t deadline)
{
	struct thread *thread = thread_current();

	if (!thread->sleep_until)
		thread->sleep_until = deadline;
	return thread->sleep_until;
}

long sys_poll(uintptr_t requests, uint64_t count, int64_t milliseconds)
{
	uint64_t deadline = TASK_FOR_EVER;

	if (milliseconds >= 0)
		deadline = time_system() + (uint64_t)milliseconds * NS_PER_MS;
	return poll(requests, count, lasting_deadline(deadline), 0);
}

long sys_ppoll(uintptr_t requests, uint64_t count, uintptr_t timeout, uintptr_t mask)
{
	uint64_t deadline = TASK_FOR_EVER;
	long error = timeout ? clock_read_deadline(timeout, CLOCK_MONOTONIC, false, &deadline) : 0;

	if (error)
		return error;
	return poll(requests, count, lasting_deadline(deadline), mask);
}

/* The sets of select(): readable, writable, and exceptional, which never happens here. */
#define SET_WORDS (FILES_MOST / 64)
struct sets {
	uint64_t bits[3][SET_WORDS];
};

static bool has(const struct sets *sets, unsigned int which, unsigned int descriptor)
{
	return sets->bits[which][descriptor / 64] >> descriptor % 64 & 1;
}

static unsigned int requests_of_sets(const struct sets *sets, unsigned int count,
				     struct poll_request *requests)
{
	unsigned int used = 0;

	for (unsigned int i = 0; i < count; i++) {
		int wanted = (has(sets, 0, i) ? READY_IN : 0) | (has(sets, 1, i) ? READY_OUT : 0);

		if (wanted || has(sets, 2, i))
			requests[used++] = (struct poll_request){(int32_t)i, (int16_t)wanted, 0};
	}
	return used;
}

/*
 * Makes the sets from what is ready. Returns the number of bits set, or EBADF if a descriptor is
 * not open.
 */
static long sets_of_requests(const struct poll_request *requests, unsigned int used,
			     struct sets *sets)
{
	long bits = 0;

	*sets = (struct sets){0};
	for (unsigned int i = 0; i < used; i++) {
		unsigned int descriptor = (unsigned int)requests[i].descriptor;
		unsigned int ready = (unsigned int)requests[i].ready;
		unsigned int wanted = (unsigned int)requests[i].wanted;
		const bool result[2] = {
			(wanted & READY_IN) && (ready & (READY_IN | READY_HANGUP | READY_ERROR)),
			(wanted & READY_OUT) && (ready & (READY_OUT | READY_ERROR))};

		if (ready & READY_INVALID)
			return -EBADF;
		for (unsigned int which = 0; which < 2; which++) {
			sets->bits[which][descriptor / 64] |= (uint64_t)result[which]
							      << descriptor % 64;
			bits += result[which];
		}
	}
	return bits;
}

/*
 * Reads a struct timespec (pselect6) or struct timeval (select); 0: no timeout. Returns 0 or an
 * error.
 */
static long read_timeout(uintptr_t timeout, bool timeval, uint64_t *deadline)
{
	*deadline = TASK_FOR_EVER;
	if (!timeout)
		return 0;
	return timeval ? clock_read_timeval(timeout, deadline)
		       : clock_read_deadline(timeout, CLOCK_MONOTONIC, false, deadline);
}

long sys_select(int32_t count, uintptr_t addresses[3], uintptr_t timeout, bool timeval,
		uintptr_t mask_pointer)
{
	struct poll_request requests[FILES_MOST];
	struct sets sets = {0};
	uint64_t deadline, bytes;
	uintptr_t mask = 0;
	unsigned int used;
	long result;

	if (count < 0)
		return -EINVAL;
	count = MIN(count, FILES_MOST);
	bytes = ROUND_UP((uint64_t)count, 64) / 8;
	for (unsigned int i = 0; i < 3; i++) {
		if (addresses[i] && user_read(addresses[i], sets.bits[i], bytes))
			return -EFAULT;
	}
	/* pselect6() passes a pointer to a struct whose first member points to the mask. */
	if (mask_pointer && user_read(mask_pointer, &mask, sizeof(mask)))
		return -EFAULT;
	result = read_timeout(timeout, timeval, &deadline);
	if (result)
		return result;
	used = requests_of_sets(&sets, (unsigned int)count, requests);
	result = with_mask(mask, requests, used, lasting_deadline(deadline));
	if (result >= 0)
		result = sets_of_requests(requests, used, &sets);
	for (unsigned int i = 0; i < 3 && result >= 0; i++) {
		if (addresses[i] && user_write(addresses[i], sets.bits[i], bytes))
			return -EFAULT;
	}
	return result;
}
