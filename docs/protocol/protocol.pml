/* The protocol of common/claim.py for one trial, in Promela, for Spin 6.5: one master, WORKERS workers.
 *
 *   spin -a protocol.pml
 *   cc -O2 -DSAFETY -DNOCLAIM -o safety pan.c && ./safety -m1000000      checks the assertions below
 *   cc -O2 -DNFAIR=3 -o liveness pan.c && ./liveness -m1000000 -a -f -N ends       checks that every trial ends
 *
 * Each atomic block is one file-system operation, named as in common/claim.py. After each operation a process may be
 * killed or stopped, as often as CRASHES and STOPS allow, or a job may be removed by hand, as often as REMOVALS allows
 * (STOPS and REMOVALS together at most 1). A file is seen whole or not at all, so contents and temporary files are left
 * out. Of a curve, the model knows only whether an attempt has one. `spin -a -DNAME` breaks the protocol in one way:
 *
 *   NO_RECHECK  CLEAR_BEFORE_REPORT  REPORT_BY_RENAME  LOCK_FILE_BEFORE_JOB  LOCK_OUTLIVES_HOLDER  SILENCE_IGNORED
 *   START_NOT_NOTED (with DEADLY: every evaluation kills its worker)  RESULTS_LISTED_FIRST
 *   LOCK_WITHOUT_NAME, NAME_USED_TWICE (with REMOVALS=1)
 */
#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef STOPS
#define STOPS 1
#endif
#ifndef ATTEMPTS
#define ATTEMPTS 2
#endif
#ifndef REMOVALS
#define REMOVALS 0
#endif
#define ISSUES (STOPS + REMOVALS + 1)
#define INODES 8
#define NONE INODES
#define NOBODY 255
#define CHILD 254 /* of a dead worker, with LOCK_OUTLIVES_HOLDER */
#define MASTER 0

byte crashes = CRASHES, stops = STOPS, removals = REMOVALS;
bool stopped[WORKERS + 1], gone[WORKERS + 1];

bool job[ISSUES + 1];         /* is the job file there? Index 0 is not used */
byte name[ISSUES + 1];        /* the lock file that has the slot's name */
byte owner[INODES];           /* the process that locks a lock file, which may have lost its name */
byte links[INODES];           /* number of names and open descriptors; 0: the inode is free */
byte counted[INODES];         /* attempts in a lock file's text that count */
byte issued;                  /* number of jobs ever published */
bool vanished[ISSUES + 1];    /* was the job removed by hand, and never published again? */
bool missing;                 /* is the trial without a job since then? */
byte files[ISSUES + 1];       /* the last attempt at a slot that left a curve */
byte result, first;           /* the worker whose result has the name, and the first that had it; 0: no result yet */
byte holders[ISSUES + 1];     /* processes that believe that they hold a slot */
bool collected;

#define BELIEVES(i) holders[i]++; assert(holders[i] == 1)   /* ExclusiveClaim */
#define IS_OPEN (job[1] || job[ISSUES])
#define IS_LOST (issued > 0 && result == 0 && !IS_OPEN && !missing)
#define IS_KNOWN(i) (job[i] || name[i] != NONE || files[i])

/* A master that has just started publishes under the name above the highest that any file mentions. */
#ifdef NAME_USED_TWICE
#define NEXT 1
#else
#define NEXT (IS_KNOWN(ISSUES) -> ISSUES + 1 : (IS_KNOWN(1) -> 2 : 1))
#endif

inline put_out(i) { job[i] = true; vanished[i] = false; missing = false; issued++ }

/* What may happen to a process after any step. The kernel frees a dead process's lock. */
#define FATE \
  assert(result == first);  /* OneResult, NothingOverwritten */ \
  assert(!IS_LOST);         /* NothingLost */ \
  if \
  :: crashes > 0 -> crashes--; goto killed \
  :: stops > 0 && me != MASTER -> stops--; stopped[me] = true; !stopped[me] \
  :: true -> skip \
  fi

inline drop(n) {
  if
  :: n != NONE -> links[n]--; if :: owner[n] == me -> owner[n] = NOBODY :: else -> skip fi
  :: else -> skip
  fi;
  n = NONE
}

inline unname(i) {
  if :: name[i] != NONE -> links[name[i]]--; name[i] = NONE :: else -> skip fi
}

inline give_name(i) {
  if
  :: name[i] == NONE ->
    name[i] = 0;
    do :: links[name[i]] > 0 -> name[i]++; assert(name[i] < INODES) :: else -> break od;
    links[name[i]] = 1; owner[name[i]] = NOBODY; counted[name[i]] = 0
  :: else -> skip
  fi
}

/* LOCK in two steps: open or create the file of that name; then lock it, even if it has lost its name meanwhile. */
inline lock_open(i) { give_name(i); inode = name[i]; links[inode]++ }

#if REMOVALS > 0 && !defined(LOCK_WITHOUT_NAME)  /* filelock refuses a file that has lost its name */
#define CANNOT_LOCK (owner[inode] != NOBODY || name[slot] != inode)
#else
#define CANNOT_LOCK (owner[inode] != NOBODY)
#endif

#ifdef LOCK_FILE_BEFORE_JOB
#define CLEAR_FIRST(i) unname(i)
#define CLEAR_SECOND(i) job[i] = false
#else
#define CLEAR_FIRST(i) job[i] = false
#define CLEAR_SECOND(i) unname(i)
#endif

proctype worker(byte me) {
  byte slot, inode = NONE;
  bool believes;
#if REMOVALS > 0
  byte attempt;
#endif
scan:
  atomic {
    if  /* SCAN: any open job, but not the one just found held if there is another; with no open job it waits */
    :: job[1] && !(slot == 1 && ISSUES > 1 && job[ISSUES]) -> slot = 1
    :: ISSUES > 1 && job[ISSUES] && !(slot == ISSUES && job[1]) -> slot = ISSUES
    fi;
    FATE
  }
  atomic { lock_open(slot); FATE }
  atomic {
    if
    :: CANNOT_LOCK -> drop(inode); goto scan
    :: else -> owner[inode] = me; FATE
    fi
  }
#ifndef NO_RECHECK
  atomic { if :: !job[slot] -> FATE; goto clear_lock :: else -> FATE fi }
  atomic { if :: result -> BELIEVES(slot); believes = true; FATE; goto clear :: else -> FATE fi }
#endif
  atomic {
    BELIEVES(slot); believes = true; assert(job[slot] || vanished[slot]);  /* OpenWhileHeld */
    if
    :: name[slot] != NONE && counted[name[slot]] >= ATTEMPTS -> FATE; goto report
    :: else -> give_name(slot);
#ifndef START_NOT_NOTED
      counted[name[slot]]++;
#endif
#if REMOVALS > 0
      attempt = counted[name[slot]];
#endif
      FATE
    fi
  }
#if REMOVALS > 0
  atomic { assert(attempt > files[slot]); files[slot] = attempt; attempt = 0; FATE }  /* EVALUATE; AttemptsApart */
#endif
#ifdef DEADLY
  atomic { goto killed }  /* EVALUATE */
#endif
#ifdef CLEAR_BEFORE_REPORT
  atomic { job[slot] = false; FATE }
#endif
report:
  atomic {
#ifdef REPORT_BY_RENAME
    result = me; if :: first == 0 -> first = me :: else -> skip fi;
#else
    if :: result == 0 -> result = me; first = me :: else -> skip fi;  /* a second result is kept aside */
#endif
    FATE
  }
clear:
#if REMOVALS > 0
  atomic { files[slot] = 0; FATE }
#endif
  atomic { CLEAR_FIRST(slot); FATE }
clear_lock:
  atomic { CLEAR_SECOND(slot); FATE }
  atomic { if :: believes -> holders[slot]--; believes = false :: else -> skip fi; drop(inode); FATE }
  slot = 0;
  goto scan;
killed:
  atomic {
    if :: believes -> holders[slot]--; believes = false :: else -> skip fi;
#ifdef LOCK_OUTLIVES_HOLDER
    if :: inode != NONE && owner[inode] == me -> owner[inode] = CHILD :: else -> skip fi;
    inode = NONE;
#else
    drop(inode);
#endif
    slot = 0;
    goto scan
  }
}

proctype master(byte me) {
  byte slot, inode = NONE;
  bool has_job, has_result;
again:  /* every run begins and ends by tidying up */
  slot = 1;
tidy:
  atomic {
    if
    :: slot > ISSUES -> goto publish
    :: slot <= ISSUES && !((job[slot] || name[slot] != NONE) && (result || !job[slot])) -> slot++; goto tidy
    :: else -> lock_open(slot); FATE
    fi
  }
  atomic {
    if
    :: CANNOT_LOCK -> drop(inode); slot++; goto tidy
    :: else -> owner[inode] = me; FATE
    fi
  }
  atomic { if :: job[slot] && result -> CLEAR_FIRST(slot) :: else -> skip fi; FATE }
  atomic { if :: !job[slot] || result -> CLEAR_SECOND(slot) :: else -> skip fi; FATE }
  atomic { drop(inode); slot++; goto tidy }
publish:
  atomic {
    if :: !IS_OPEN && result == 0 -> slot = NEXT; put_out(slot); slot = ISSUES + 1 :: else -> skip fi;
    FATE
  }
collect:
#ifdef RESULTS_LISTED_FIRST
  atomic { has_result = (result > 0); FATE }
  atomic { has_job = IS_OPEN; FATE }
#else
  atomic { has_job = IS_OPEN; FATE }
  atomic { has_result = (result > 0); FATE }
#endif
  atomic {
    if
    :: has_result -> collected = true; FATE; goto again
    :: !has_result && !has_job -> assert(removals < REMOVALS)  /* NoNeedlessIssue */; FATE; goto issue
    :: else -> FATE
    fi
  }
#ifndef SILENCE_IGNORED
  atomic {  /* is the highest open slot's holder silent? */
    slot = (job[ISSUES] -> ISSUES : 1);
    if
    :: job[slot] && issued < ISSUES && name[slot] != NONE && owner[name[slot]] < CHILD && owner[name[slot]] != MASTER &&
       stopped[owner[name[slot]]] -> FATE
    :: else -> FATE; goto collect
    fi
  }
  goto issue;
#endif
  goto collect;
issue:
  atomic { put_out(ISSUES); FATE }  /* whatever happened to it meanwhile */
  goto collect;
killed:
  atomic { drop(inode); goto again }
}

/* A stopped process is resumed later, or never. */
proctype world() {
end:
  do
  :: atomic { stopped[1] && !gone[1] -> stopped[1] = false }
  :: atomic { stopped[1] && !gone[1] -> gone[1] = true }
#if WORKERS > 1
  :: atomic { stopped[2] && !gone[2] -> stopped[2] = false }
  :: atomic { stopped[2] && !gone[2] -> gone[2] = true }
#endif
  od
}

#if REMOVALS > 0
proctype hand() {
end:
  do
  :: atomic { removals > 0 && job[1] -> removals--; job[1] = false; vanished[1] = true; missing = (result == 0 && !IS_OPEN) }
  :: atomic { removals > 0 && job[2] -> removals--; job[2] = false; vanished[2] = true; missing = (result == 0 && !IS_OPEN) }
  od
}
#endif

init {
  byte i;
  atomic {
    for (i : 0 .. ISSUES) { name[i] = NONE }
    for (i : 0 .. INODES - 1) { owner[i] = NOBODY }
    run world();
#if REMOVALS > 0
    run hand();
#endif
    run master(MASTER);
    for (i : 1 .. WORKERS) { run worker(i) }
  }
}

#define NOTHING_LEFT (!IS_OPEN && name[1] == NONE && name[ISSUES] == NONE)

ltl ends { <> collected }                                       /* EveryTrialEnds */
ltl tidy { <> [] (NOTHING_LEFT || gone[1] || gone[WORKERS]) }    /* NoLeftovers, once processes no longer die */
