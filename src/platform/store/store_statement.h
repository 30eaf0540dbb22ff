/*
 * store_statement.h
 *		Statements of the store's SQL form.
 */
#ifndef CDP_STORE_STATEMENT_H
#define CDP_STORE_STATEMENT_H

#include "executor/spi.h"

/*
 * Runs a statement with parameters of these types, prepared when the session first runs it, so that no
 * table is read whole, and returns how many rows it touched.
 */
extern uint64 store_statement_run(const char *text, int count, const Oid *types,
								  const SPIExecuteOptions *options);

#endif /* CDP_STORE_STATEMENT_H */
