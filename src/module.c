/*
 * module.c
 *		The module's magic block and its settings; each room brings its own functions.
 */
#include "postgres.h"

#include "cdp.h"
#include "platform/follow/connection.h"
#include "platform/refresh/restitch.h"
#include "platform/segment/restrict.h"
#include "platform/store/store.h"
#include "platform/suppression/suppression.h"
#include "platform/worker/worker.h"

/* as in CDP_FUNCTION: the first declaration decides a symbol's visibility */
extern CDP_EXPORT const Pg_magic_struct *PG_MAGIC_FUNCTION_NAME(void);

PG_MODULE_MAGIC;

extern CDP_EXPORT void _PG_init(void);

/* _PG_init runs when a backend loads the module. */
void
_PG_init(void)
{
	restrict_define_settings();
	store_define_settings();
	restitch_define_settings();
	connection_define_settings();
	worker_define_settings();
	suppression_define_settings();
}
