package dev.pannier.integration;

/// Ends processes at once (SIGKILL) whose command line has a text, from a container that shares their Pod's process
/// namespace and their user: no process can be killed so by those that it is the first of.
/// `PodKill TEXT`
public final class PodKill {
  private PodKill() {}

  public static void main(String[] arguments) {
    boolean killed =
        ProcessHandle.allProcesses()
                .filter(process -> process.pid() != ProcessHandle.current().pid())
                .filter(process -> process.info().commandLine().orElse("").contains(arguments[0]))
                .filter(ProcessHandle::destroyForcibly)
                .count()
            == 1;
    System.exit(killed ? 0 : 1);
  }
}
