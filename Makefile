# cdp: a customer data platform inside PostgreSQL
#
# all, install, installcheck, clean: as in any PGXS extension (PG_CONFIG= chooses the server).
# check, demo, fuzz, bench, lint, format, help: our own; they need no running server.

OWN_GOALS = help check check-% unit lint format demo demo-stop fuzz packages bench

# ---------------------------------------------------------------- our own goals
# PGXS defines a "check" that only says "not supported", and overriding it warns on
# every run: so PGXS is left out where one of our own goals is asked for.
ifneq ($(filter $(OWN_GOALS),$(MAKECMDGOALS)),)

SUITE_GOALS = $(filter check-%,$(MAKECMDGOALS))
OTHER_GOALS = $(filter-out $(OWN_GOALS),$(MAKECMDGOALS))

.PHONY: $(filter-out check-%,$(OWN_GOALS)) $(SUITE_GOALS) $(OTHER_GOALS)
.NOTPARALLEL:

help:
	@echo "make                 build the extension (PG_CONFIG= chooses the server)"
	@echo "make install         install it into that server; make uninstall removes it"
	@echo "make installcheck    run the regression tests against a running server"
	@echo "make clean           remove what was built"
	@echo "make check           run every test on private, temporary servers: lint, unit, regress, store, isolation, tap"
	@echo "make check-SUITE     run one of these suites; make unit, make lint for short"
	@echo "make demo            load a year of a shop's events into a private server and show what an analyst sees"
	@echo "make demo DATA=FILE  the same with the Online Retail data set (.csv or .csv.xz)"
	@echo "make demo-stop       end the demo's server and remove it"
	@echo "make fuzz TIME=60    fuzz each decoder for TIME seconds (clang)"
	@echo "make bench           measure against the baselines; prints the tables of the README"
	@echo "make packages        install the Debian packages that building and testing need"
	@echo "make format          format the C sources with clang-format-14"

check:
	@test/check all
$(SUITE_GOALS): check-%:
	@test/check $*
unit lint: %:
	@test/check $*
demo: export DATA := $(DATA)
demo:
	@test/demo/demo start "$$DATA"
demo-stop:
	@test/demo/demo stop
fuzz:
	@test/fuzz/run "$(or $(TIME),60)"
packages:
	@test/packages check
bench:
	@test/bench/run
format:
	@test/format

$(OTHER_GOALS):
	@$(MAKE) --no-print-directory $@

else
# ---------------------------------------------------------------- PGXS
PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)

ifeq ($(wildcard $(PGXS)),)
# not $(error): this is what a newcomer sees first
.PHONY: no-pgxs $(or $(MAKECMDGOALS),all)
$(or $(MAKECMDGOALS),all): no-pgxs
no-pgxs:
	@echo 'PostgreSQL'"'"'s build files were not found: "$(PG_CONFIG)" is missing or has no PGXS.' >&2
	@echo 'Install the development package of your server (on Debian, "make packages" does), or name the server: make PG_CONFIG=/path/to/pg_config' >&2
	@false
else

EXTENSION = cdp
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" cdp.control)
MODULE_big = cdp

FLOORS = core toolkit platform
OBJS = $(patsubst %.c,%.o,src/module.c $(sort $(foreach floor,$(FLOORS),$(wildcard src/$(floor)/*/*.c))))

# the install script is its pieces in the order of the manifest, with the names of what cdp.init() makes in the first
PIECES := $(addprefix src/,$(shell sed 's/ *\#.*//' src/install.list))
DATA_built = src/cdp--$(EXTVERSION).sql
DATA = $(wildcard src/upgrade/cdp--*--*.sql)
DECLARED = src/toolkit/predicate/predicates.sql
EXTRA_CLEAN = $(DECLARED) src/declare $(OBJS:.o=.d) $(PHONE_OBJS) $(PHONE_OBJS:.o=.d) cdp_phone$(DLSUFFIX)

# cdp_phone, a library of its own: C++ enters no backend that reads no phone number
PHONE_OBJS = src/toolkit/identifier/phone/module.o src/toolkit/identifier/phone/normalize.o

REGRESS_OPTS = --load-extension=cdp
REGRESS = $(sort $(patsubst sql/%.sql,%,$(wildcard sql/*.sql)))

PG_CPPFLAGS = -Isrc
# PostgreSQL 15 exports every symbol of a module unless told otherwise
PG_CFLAGS = -fvisibility=hidden -Wextra -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers
SHLIB_LINK = -lidn2 -lunistring

include $(PGXS)

src/cdp--$(EXTVERSION).sql: $(PIECES) src/install.list
	sed "s/@MADE_BY_INIT@/$$(sed -nE 's/^[[:blank:]]+CREATE (TABLE|VIEW|SEQUENCE|FUNCTION) cdp(_data)?\.([a-z_]+).*/\3/p' $(PIECES) | sort | paste -sd, -)/" $(PIECES) > $@

# the declarations of the predicates, from their table
$(DECLARED): src/declare.c src/toolkit/predicate/predicates.def
	$(CC) -Isrc -o src/declare $<
	src/declare > $@

# Debian's servers are built without --enable-depend: track headers ourselves
override CFLAGS += -MMD -MP
-include $(OBJS:.o=.d) $(PHONE_OBJS:.o=.d)

ifeq ($(shell $(CXX) -E -x c++ -include phonenumbers/phonenumberutil.h /dev/null >/dev/null 2>&1 && echo yes),yes)
all: cdp_phone$(DLSUFFIX)

src/toolkit/identifier/phone/normalize.o: src/toolkit/identifier/phone/normalize.cc
	$(CXX) $(CXXFLAGS) -Wextra -fvisibility=hidden $(COPT) $(CFLAGS_SL) $(CPPFLAGS) -MMD -MP -c -o $@ $<

cdp_phone$(DLSUFFIX): $(PHONE_OBJS)
	$(CXX) $(CXXFLAGS) -shared -o $@ $(PHONE_OBJS) $(LDFLAGS) $(LDFLAGS_SL) -lphonenumber

.PHONY: install-phone
install: install-phone
install-phone: cdp_phone$(DLSUFFIX) installdirs
	$(INSTALL_SHLIB) cdp_phone$(DLSUFFIX) '$(DESTDIR)$(pkglibdir)/'
else
.PHONY: without-phone
all: without-phone
without-phone:
	@echo "cdp_phone is not built: no header phonenumbers/phonenumberutil.h (Debian: libphonenumber-dev); phone numbers must be E.164"
endif

.PHONY: uninstall-phone
uninstall: uninstall-phone
uninstall-phone:
	rm -f '$(DESTDIR)$(pkglibdir)/cdp_phone$(DLSUFFIX)'

endif
endif
