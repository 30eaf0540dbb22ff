/*
 * worker.h
 *		The background worker of a database: its settings, how it is registered and known, and its jobs.
 *
 * settings.c	what the configuration says
 * launch.c		registering a worker: cdp.start_worker(), and the launcher where the library is preloaded
 * worker.c		the worker's loop: when it leaves, pauses and sleeps
 * job.c		what it runs, one transaction each, and how a run is recorded
 * status.c		what can be known of it from outside
 */
#ifndef CDP_WORKER_H
#define CDP_WORKER_H

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"
#include "storage/lock.h"

#include "cdp.h"

/* seconds after which the postmaster starts a process again that has ended with exit code 1 */
#define WORKER_RESTART_SECONDS 2

/* what a process is registered with */
typedef struct WorkerStart
{
	Oid database;
	Oid role; /* the owner of the tables; invalid: to be found, by a process of its own */
	VirtualTransactionId starter; /* the transaction that called cdp.start_worker() */
} WorkerStart;

/* settings.c */
extern int worker_interval;
extern int worker_timeout;
extern bool worker_preloaded;
extern void worker_define_settings(void);
extern List *worker_listed(void);
extern bool worker_is_listed(const char *database);

/* launch.c */
extern void worker_register_launcher(void);
extern void worker_lock_tag(LOCKTAG *tag, Oid database);
extern Oid worker_tables_owner(void);
extern void worker_find_role(Oid database);

/* worker.c: the entry point of a worker */
extern CDP_EXPORT void cdp_worker_main(Datum argument);

/* launch.c: the entry point of the launcher */
extern CDP_EXPORT void cdp_worker_launcher_main(Datum argument);

/* job.c */
extern void job_run_due(void);
extern void job_failed(ErrorData *error);
extern void job_resume(void);
extern TimestampTz job_next(void);

#endif /* CDP_WORKER_H */
