/*
 * progress.h
 *		What a long run (a refresh, a load, a restitch, a change of rules, a verify) has come to, for the
 *		view cdp.progress and for the person who waits.
 *
 * A run calls cdp_internal.progress_begin() once, progress_set at each stage, progress_step as often
 * as it likes within one, and cdp_internal.progress_end(); an error ends it too.  All cost next to nothing where
 * the run is small, is not to be shown or was not begun; none raises an error for want of a right, on a standby or
 * in a read-only transaction.
 */
#ifndef CDP_PROGRESS_H
#define CDP_PROGRESS_H

/* enters a stage, or says how far it has come; total: 0 or less: not known */
extern void progress_set(const char *stage, int64 done, int64 total);

/*
 * the same for a stage that is made of stages of another work: what these say is not heard until a statement
 * enters the next one of this work.  all: the stage concerns all rows of the run
 */
extern void progress_closed(const char *stage, int64 done, bool all);

/* says how much of the stage is done */
extern void progress_done(int64 done);

/* the same, for a loop: costs nothing but at every 1,024th turn */
static inline void
progress_step(int64 done)
{
	if (unlikely((done & 1023) == 1023))
		progress_done(done);
}

#endif /* CDP_PROGRESS_H */
