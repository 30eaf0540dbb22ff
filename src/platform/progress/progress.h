/*
 * progress.h
 *		What a long run (a refresh, a restitch, a change of rules, a verify) has come to, for the
 *		view cdp.progress and for the person who waits.
 *
 * Whoever runs calls progress_begin once, progress_set at each stage, progress_step as often as it likes
 * within one, and progress_end.  All cost next to nothing where the run is small, is not to be shown or
 * was not begun; none raises an error for want of a right, on a standby or in a read-only
 * transaction.
 */
#ifndef CDP_PROGRESS_H
#define CDP_PROGRESS_H

/* begins a run of this many rows; 0: not known.  It ends one that was not ended. */
extern void progress_begin(const char *work, int64 rows);

/* says that rows of the run are done, and that the next stages concern so many of the others */
extern void progress_part(int64 done, int64 rows);

/* enters a stage, or says how far it has come; total: 0 or less: not known */
extern void progress_set(const char *stage, int64 done, int64 total);

/*
 * the same for a stage that is made of stages of another work: what these say is not heard until a statement
 * enters the next one.  all: the stage concerns all rows of the run
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

/* ends the run; an error ends it too */
extern void progress_end(void);

#endif /* CDP_PROGRESS_H */
