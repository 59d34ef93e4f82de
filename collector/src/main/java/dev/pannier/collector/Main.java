package dev.pannier.collector;

import dev.pannier.collector.cli.PannierCommand;
import dev.pannier.collector.logging.SidecarLogging;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;

/// The command line's entry point.
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    SidecarLogging.start();
    int code =
        PannierCommand.execute(
            args,
            System.getenv(),
            new FileInputStream(FileDescriptor.in),
            new FileOutputStream(FileDescriptor.out),
            System.err,
            new SidecarProcess(System.getenv()),
            FileParsers::chooser);
    SidecarLogging.stop();
    System.exit(code);
  }
}
