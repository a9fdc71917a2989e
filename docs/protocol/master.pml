/* The master: TIDY, RECORD, PUBLISH, COLLECT, issuing again, WITHDRAW. What it shares with the others is in protocol.pml. */

#if RUNGS == 1
#define rung 0
#endif

#ifdef NAME_USED_TWICE
#define NEXT 1
#else
/* A master that has just started publishes under the name above the last that a file shows. */
#define IS_KNOWN(i) (job[i] || name[i] != NONE || files[i])
#define NEXT (IS_KNOWN(LAST(rung)) -> LAST(rung) + 1 : (IS_KNOWN(FIRST(rung)) -> FIRST(rung) + 1 : FIRST(rung)))
#endif

inline put_out(i) {
  job[i] = true; vanished[i] = false; missing = false; issued[rung]++;
#ifdef RECORD
  assert(recorded[rung] == journal[rung]);                                /* RecordedFirst */
  if :: published[rung] == 0 -> published[rung] = journal[rung] :: else -> skip fi;
  assert(published[rung] == journal[rung])                                /* SameProposal: no two issues differ */
#endif
}

#ifdef RECORD
#define MEMORY(a, b) a[0] = b[0]; a[TOP] = b[TOP]
#define FORGET journal[0] = 0; journal[TOP] = 0; proposal = 0;
#define PROPOSE propose

/* What the journal does not hold, a job or a result may show. They are looked at one after the other. */
inline look_at_jobs() { if :: IS_OPEN(rung) -> proposal = published[rung] :: else -> skip fi }
inline look_at_results() { if :: result[rung] -> proposal = published[rung] :: else -> skip fi }
#if defined(PROPOSED_AGAIN) || defined(NOT_RECORDED_AGAIN)
#define LOOK_FIRST skip
#define LOOK_SECOND skip
#elif defined(RECORDED_FROM_RESULTS_FIRST)
#define LOOK_FIRST look_at_results()
#define LOOK_SECOND look_at_jobs()
#else
#define LOOK_FIRST look_at_jobs()
#define LOOK_SECOND look_at_results()
#endif
#else
#define FORGET
#define PROPOSE publish
#endif

proctype master(byte me) {
  byte issue, inode = NONE;
  bool has_job, has_result;
#if RUNGS > 1
  byte rung;
#endif
#ifdef RECORD
  byte journal[RUNGS], proposal;
#endif
again:  /* every run begins and ends by tidying up */
  issue = 1;
tidy:
  atomic {
    if
    :: issue > ISSUES -> goto tidied
    :: issue <= ISSUES && !((job[issue] || name[issue] != NONE) && (result[RUNG(issue)] || !job[issue])) -> issue++; goto tidy
    :: else -> lock_open(issue); FATE
    fi
  }
  atomic {
    if
    :: CANNOT_LOCK -> drop(inode); issue++; goto tidy
    :: else -> owner[inode] = me; FATE
    fi
  }
#if RUNGS > 1
  if
  :: RUNG(issue) == 0 && job[issue] && result[0] ->
    atomic { CLEAR_CHECKPOINT(issue); FATE }
    atomic { CLEAR_FILES(issue); FATE }
  :: else -> skip
  fi;
#endif
  atomic { if :: job[issue] && result[RUNG(issue)] -> CLEAR_FIRST(issue) :: else -> skip fi; FATE }
  atomic { if :: !job[issue] || result[RUNG(issue)] -> CLEAR_SECOND(issue) :: else -> skip fi; FATE }
  atomic { drop(inode); issue++; goto tidy }
tidied:
#if RUNGS > 1
  atomic { rung = 0; if :: result[1] -> kept = false :: else -> skip fi; FATE }
#endif
#ifdef RECORD
#ifndef PROPOSED_AGAIN
  atomic { MEMORY(journal, record); FATE }
#endif
propose:
  atomic { if :: journal[rung] -> goto publish :: else -> LOOK_FIRST; FATE fi }
  atomic {
    LOOK_SECOND;
    if :: proposal == 0 -> proposal = recorded[rung] + 1 :: else -> skip fi;  /* what no master before it proposed */
    FATE
  }
  atomic {  /* RECORD; all is written again if the journal is not as this master left it */
    journal[rung] = proposal; proposal = 0;
#ifndef PUBLISHED_BEFORE_RECORDED
    MEMORY(record, journal); recorded[rung] = record[rung];
    assert(!published[rung] || record[rung] == published[rung]);          /* SameProposal */
#endif
    FATE
  }
#endif
publish:
  atomic {
    if
    :: !IS_OPEN(rung) && result[rung] == 0 ->
      issue = NEXT; put_out(issue); issue = ISSUES + 1;
#ifdef CHECKPOINT_REMOVED_AT_PROMOTION
      if :: rung > 0 -> kept = false :: else -> skip fi
#endif
    :: else -> skip
    fi;
    FATE
  }
withdraw:
#ifndef SUPERSEDED_JOB_LEFT
  atomic {
    if
    :: PER_RUNG > 1 && job[FIRST(rung)] && job[LAST(rung)] -> job[FIRST(rung)] = false; withdrawn[FIRST(rung)] = true
    :: else -> skip
    fi;
    FATE
  }
#endif
  assert(PER_RUNG == 1 || !(job[FIRST(rung)] && job[LAST(rung)]));  /* OneOpenIssue */
collect:
#ifdef RESULTS_LISTED_FIRST
  atomic { has_result = (result[rung] > 0); FATE }
  atomic { has_job = IS_OPEN(rung); FATE }
#else
  atomic { has_job = IS_OPEN(rung); FATE }
  atomic { has_result = (result[rung] > 0); FATE }
#endif
  atomic {
    if
#if RUNGS > 1
    :: has_result && rung == 0 && !failed -> rung = 1; has_result = false; FATE; goto PROPOSE
#define IS_LAST (rung == 1 || failed)
#else
#define IS_LAST true
#endif
    :: has_result && IS_LAST -> collected = true; FORGET FATE; goto again
    :: !has_result && !has_job -> assert(removals < REMOVALS)  /* NoNeedlessIssue */; FATE; goto publish_again
    :: else -> FATE
    fi
  }
#ifndef SILENCE_IGNORED
  atomic {  /* is the highest open issue's holder silent? */
    issue = (job[LAST(rung)] -> LAST(rung) : FIRST(rung));
    if
    :: job[issue] && issued[rung] < PER_RUNG && name[issue] != NONE && owner[name[issue]] < CHILD &&
       owner[name[issue]] != MASTER && stopped[owner[name[issue]]] -> FATE
    :: else -> FATE; goto collect
    fi
  }
  goto publish_again;
#endif
  goto collect;
publish_again:
#ifdef WITHDRAWN_BEFORE_PUBLISHED_AGAIN
  atomic { if :: job[FIRST(rung)] -> job[FIRST(rung)] = false; withdrawn[FIRST(rung)] = true :: else -> skip fi; FATE }
#endif
  atomic { put_out(LAST(rung)); FATE }  /* whatever became of it meanwhile */
  goto withdraw;
killed:
  atomic { drop(inode); FORGET goto again }
}
