/*
 * settings.c
 *		The settings of the worker.  All of them stand in the configuration of the server, so that
 *		the worker and those who ask for its state read the same.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/varlena.h"

#include "platform/worker/worker.h"

/* milliseconds from the end of a refresh to the next */
int worker_interval = 200;

/* milliseconds that one run may take; 0: no limit */
int worker_timeout = 15 * 60 * 1000;

/* whether the server has loaded the library at its start, so that there is a launcher */
bool worker_preloaded = false;

/* the setting cdp.worker_databases */
static char *worker_databases = NULL;

/* the setting cdp.worker_keep, in days; read by SQL */
static int worker_keep = 30;

/* split_names splits a list of names as SQL does; false: it is not one. */
static bool
split_names(const char *text, List **names)
{
	return SplitIdentifierString(pstrdup(text), ',', names);
}

/* check_databases is the check hook of cdp.worker_databases. */
static bool
check_databases(char **value, void **extra, GucSource source)
{
	List *names;

	if (split_names(*value, &names))
		return true;
	GUC_check_errdetail("List syntax is invalid.");
	return false;
}

/* worker_listed returns the names of cdp.worker_databases. */
List *
worker_listed(void)
{
	List *names = NIL;

	if (worker_databases != NULL && !split_names(worker_databases, &names))
		return NIL;
	return names;
}

/* worker_is_listed returns whether cdp.worker_databases names a database. */
bool
worker_is_listed(const char *database)
{
	ListCell *cell;

	foreach (cell, worker_listed())
		if (strcmp(lfirst(cell), database) == 0)
			return true;
	return false;
}

void
worker_define_settings(void)
{
	DefineCustomIntVariable(
		"cdp.worker_interval", "How long the worker sleeps between two refreshes.",
		"While more rows wait than the last refresh took, it does not sleep.", &worker_interval,
		200, 10, INT_MAX, PGC_SIGHUP, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomIntVariable(
		"cdp.worker_timeout", "How long one run of the worker may take.",
		"A refresh that takes longer is canceled, and the next takes half as many rows; 0: no limit.",
		&worker_timeout, 15 * 60 * 1000, 0, INT_MAX, PGC_SIGHUP, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomIntVariable("cdp.worker_keep", "How many days cdp.worker_run is kept.",
							"The worker forgets older runs, once an hour.", &worker_keep, 30, 1,
							36500, PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomStringVariable(
		"cdp.worker_databases",
		"In which databases a worker starts by itself, after a restart or a promotion.",
		"Names, separated by commas. It needs the library in shared_preload_libraries. A database in "
		"which cdp.stop_worker() was called is left out.",
		&worker_databases, "", PGC_SIGHUP, GUC_LIST_INPUT, check_databases, NULL, NULL);
	if (process_shared_preload_libraries_in_progress && !IsBinaryUpgrade)
	{
		worker_preloaded = true;
		worker_register_launcher();
	}
}
