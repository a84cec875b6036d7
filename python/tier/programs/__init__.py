"""All programs. Several of one name are variants of one workload: their phases differ."""

from tier.programs import lock_counter, mpdict, pyshmht_64b, pyshmht_mp, smd_sync, ultra

PROGRAMS = [*mpdict.PROGRAMS, *pyshmht_mp.PROGRAMS, *pyshmht_64b.PROGRAMS, *ultra.PROGRAMS, *smd_sync.PROGRAMS,
            *lock_counter.PROGRAMS]
NAMES = list(dict.fromkeys(program.name for program in PROGRAMS))
