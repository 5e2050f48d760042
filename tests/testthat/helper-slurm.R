# fn() of a BiocParallel back end whose two jobs SLURM runs on this machine
# alone (Debian's slurm-wlm and munge). Skips the test, with the reason, where
# SLURM can't start.
with_slurm <- function(fn) {
  skip_if_not_installed("batchtools")
  programs <- find_programs(c("munged", "slurmctld", "slurmd", "sbatch"))
  folder <- tempfile("slurm")
  for (place in file.path(folder, c("", "state", "spool"))) dir.create(place)
  at <- function(name) file.path(folder, name)
  set.seed(1)
  writeBin(as.raw(sample.int(256L, 1024L, TRUE) - 1L), at("key"))
  Sys.chmod(at("key"), "0400")
  writeLines(slurm_settings(folder), at("slurm.conf"))
  before <- Sys.getenv(c("SLURM_CONF", "R_LIBS", "USER"), NA, names = TRUE)
  on.exit(stop_slurm(folder, before))
  # batchtools asks SLURM for the jobs of USER.
  Sys.setenv(SLURM_CONF = at("slurm.conf"), USER = Sys.info()[["user"]],
             R_LIBS = paste(.libPaths(), collapse = ":"))
  start <- function(program, ...) {
    status <- system2(programs[[program]], c(...), stdout = at("said"),
                      stderr = at("said"))
    if (status == 0L) return(invisible())
    skip(paste(program, "does not start:", readLines(at("said"))[1]))
  }
  option <- function(name, file) sprintf("--%s=%s", name, at(file))
  start("munged", "--force", option("key-file", "key"),
        option("socket", "munge.socket"), option("pid-file", "munged.pid"),
        option("log-file", "munged.log"), option("seed-file", "munged.seed"))
  start("slurmctld")
  start("slurmd")
  wait_for_node()
  tried <- suppressWarnings(system2(
    programs$sbatch, c("--wait", "--wrap=true", "--output=/dev/null"),
    stdout = at("said"), stderr = at("said"), timeout = 60
  ))
  if (tried != 0L) skip("SLURM does not run a job")
  fn(BiocParallel::BatchtoolsParam(
    2, cluster = "slurm",
    template = BiocParallel::batchtoolsTemplate("slurm"),
    registryargs = BiocParallel::batchtoolsRegistryargs(
      file.dir = at("jobs"), work.dir = folder, packages = character()
    ),
    resources = list(walltime = 600, ncpus = 1, memory = 1000)
  ))
}

find_programs <- function(names) {
  found <- Sys.which(names)
  elsewhere <- file.path("/usr/sbin", names)
  found[!nzchar(found)] <- elsewhere[!nzchar(found)]
  missing <- names[!file.exists(found)]
  if (length(missing) > 0L) skip(paste(missing[1], "is not installed"))
  as.list(found)
}

slurm_settings <- function(folder) {
  host <- sub("[.].*", "", Sys.info()[["nodename"]])
  user <- Sys.info()[["user"]]
  at <- function(name) file.path(folder, name)
  c("ClusterName=gmvae", sprintf("SlurmctldHost=%s(127.0.0.1)", host),
    paste0(c("SlurmUser=", "SlurmdUser="), user),
    "AuthType=auth/munge", "CredType=cred/munge",
    paste0("AuthInfo=socket=", at("munge.socket")),
    "SlurmctldPort=36817", "SlurmdPort=36818",
    paste0("StateSaveLocation=", at("state")),
    paste0("SlurmdSpoolDir=", at("spool")),
    paste0(c("Slurmctld", "Slurmd"), "PidFile=",
           at(c("slurmctld.pid", "slurmd.pid"))),
    paste0(c("Slurmctld", "Slurmd"), "LogFile=",
           at(c("slurmctld.log", "slurmd.log"))),
    "ProctrackType=proctrack/linuxproc", "TaskPlugin=task/none",
    "SelectType=select/cons_tres", "SelectTypeParameters=CR_Core",
    "ReturnToService=2",
    sprintf("NodeName=%s NodeAddr=127.0.0.1 CPUs=2 RealMemory=2500", host),
    "PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP")
}

wait_for_node <- function() {
  for (look in 1:60) {
    state <- system2("sinfo", c("--noheader", "--format=%t"), stdout = TRUE,
                     stderr = FALSE)
    if (identical(as.character(state), "idle")) return(invisible())
    Sys.sleep(0.5)
  }
  skip("SLURM's node does not become idle")
}

stop_slurm <- function(folder, before) {
  for (name in c("slurmd", "slurmctld", "munged")) {
    file <- file.path(folder, paste0(name, ".pid"))
    if (file.exists(file)) tools::pskill(as.integer(readLines(file)))
  }
  Sys.unsetenv(names(before)[is.na(before)])
  if (!all(is.na(before))) do.call(Sys.setenv, as.list(before[!is.na(before)]))
}
