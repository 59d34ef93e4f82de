package dev.pannier.collector.simulation;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.MethodTransform;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// A mistake in one method of the sidecar, made in the bytes of its class as it is loaded: what runs is
/// the real code but for an instruction.
enum PlantedBug {
  /// What is stored is how far a file was read.
  POSITION_BEFORE_ACKNOWLEDGEMENT(
      World.Mode.MEMORY, "line \\d+ .* is not at", "collector.tail.TailedFile", "saved") {
    @Override
    boolean replace(CodeBuilder code, CodeElement element) {
      if (element instanceof FieldInstruction field
          && field.opcode() == Opcode.GETFIELD
          && field.name().equalsString("acknowledged")) {
        code.getfield(field.owner().asSymbol(), "read", field.typeSymbol());
        return true;
      }
      return false;
    }
  },

  /// `positions.tmp` takes the place of `positions` with its content on its way.
  NO_SYNC_BEFORE_RENAME(
      World.Mode.MEMORY,
      "line \\d+ (.* is not at|came as Uid.* and as Uid)",
      "collector.checkpoint.DurableDirectory",
      "replace") {
    @Override
    boolean replace(CodeBuilder code, CodeElement element) {
      if (element instanceof InvokeInstruction call && call.name().equalsString("force")) {
        code.pop().pop();
        return true;
      }
      return false;
    }
  },

  /// A new file is read and shipped before its id is on disk.
  GENERATION_NOT_STORED(
      World.Mode.MEMORY, "line \\d+ came as", "collector.tail.TailedFile", "<init>") {
    @Override
    boolean replace(CodeBuilder code, CodeElement element) {
      if (element instanceof FieldInstruction field && field.name().equalsString("inHole")) {
        code.with(element);
        code.aload(0)
            .iconst_1()
            .putfield(field.owner().asSymbol(), "stored", ConstantDescs.CD_boolean);
        return true;
      }
      return false;
    }
  },

  /// The log's next number is above its own end alone: a shipper may have passed it before the
  /// machine failed.
  NUMBER_USED_AGAIN(
      World.Mode.DISK,
      "(line \\d+ .*|request \\d+) is not at",
      "collector.buffer.DiskBuffer",
      "<init>") {
    @Override
    boolean replace(CodeBuilder code, CodeElement element) {
      if (element instanceof InvokeInstruction call
          && call.name().equalsString("max")
          && call.type().equalsString("(JJ)J")) {
        code.pop2();
        return true;
      }
      return false;
    }
  },

  /// What was stored is read while a commit of the process before may be on its way.
  POSITIONS_READ_BEFORE_INIT(
      World.Mode.ONCE,
      "(line|request) \\d+ is twice at",
      "shippers.kafka.TransactionalShipper",
      "connect") {
    @Override
    boolean replace(CodeBuilder code, CodeElement element) {
      if (element instanceof InvokeInstruction call
          && call.name().equalsString("initTransactions")) {
        code.pop();
        return true;
      }
      if (element instanceof InvokeInstruction call && call.name().equalsString("settle")) {
        ClassDesc client = ClassDesc.of(OURS + "shippers.kafka.Client");
        ClassDesc producer = ClassDesc.of("org.apache.kafka.clients.producer.Producer");
        code.aload(0)
            .getfield(call.owner().asSymbol(), "client", client)
            .invokevirtual(client, "current", MethodTypeDesc.of(producer))
            .invokeinterface(
                producer, "initTransactions", MethodTypeDesc.of(ConstantDescs.CD_void));
        code.with(element);
        return true;
      }
      return false;
    }
  },

  /// What is given up for want of room is in the ledger alone.
  DROP_NOT_COUNTED(
      World.Mode.DISK,
      "the ledger has \\d+ records dropped for",
      "collector.buffer.Losses",
      "gaveUp") {
    @Override
    boolean replace(CodeBuilder code, CodeElement element) {
      if (element instanceof InvokeInstruction call && call.name().equalsString("add")) {
        code.pop2().pop();
        return true;
      }
      return false;
    }
  },

  /// A dead letter counts as stored before it is on disk.
  LETTER_NOT_SYNCED(
      World.Mode.MEMORY,
      "line \\d+ (.* is not at|is not everywhere)|request \\d+ is not at",
      "shippers.file.LineFile",
      "append") {
    @Override
    boolean replace(CodeBuilder code, CodeElement element) {
      if (element instanceof InvokeInstruction call && call.name().equalsString("force")) {
        code.pop().pop();
        return true;
      }
      return false;
    }
  },

  /// What a destination may have stored goes to its fallback.
  FALLS_BACK_THOUGH_SENT(
      World.Mode.MEMORY,
      "line \\d+ is at (two|three), and comes to",
      "collector.dispatch.Shipment",
      "isUntouched") {
    @Override
    boolean replace(CodeBuilder code, CodeElement element) {
      if (element instanceof FieldInstruction field && field.name().equalsString("touched")) {
        code.pop().iconst_0();
        return true;
      }
      return false;
    }
  },

  /// Who is to be answered when a request is delivered is answered when it is durable.
  ANSWERED_BEFORE_DELIVERY(
      World.Mode.DISK,
      "request \\d+ is acknowledged, and not at",
      "collector.buffer.DiskBuffer",
      "store") {
    @Override
    boolean replace(CodeBuilder code, CodeElement element) {
      if (element instanceof FieldInstruction field && field.name().equalsString("DURABLE")) {
        code.dup();
        return true;
      }
      return false;
    }
  };

  private static final String OURS = "dev.pannier.";

  final World.Mode mode;

  /// What the simulation says of what it breaks: an expression that is found in the message.
  final String promise;

  private final String className;
  private final String method;

  PlantedBug(World.Mode mode, String promise, String className, String method) {
    this.mode = mode;
    this.promise = promise;
    this.className = OURS + className;
    this.method = method;
  }

  /// Puts other instructions in the place of a right one.
  ///
  /// @return whether it was a right one
  abstract boolean replace(CodeBuilder code, CodeElement element);

  /// The first history that fails with the bug.
  record Found(long seed, Throwable what) {}

  /// Runs histories until one fails.
  ///
  /// @return null if none does
  @Nullable Found find(int seeds) throws ReflectiveOperationException {
    AtomicBoolean planted = new AtomicBoolean();
    OwnClasses classes =
        new OwnClasses((name, bytes) -> name.equals(className) ? plant(bytes, planted) : bytes);
    Object found =
        classes
            .loadClass(Simulation.class.getName())
            .getMethod("firstFailure", String.class, int.class)
            .invoke(null, mode.name(), seeds);
    if (!planted.get()) {
      throw new AssertionError(this + " finds no place: its method was changed");
    }
    if (found == null) {
      return null;
    }
    Map.Entry<?, ?> failure = (Map.Entry<?, ?>) found;
    return new Found((Long) failure.getKey(), (Throwable) failure.getValue());
  }

  private byte[] plant(byte[] bytes, AtomicBoolean planted) {
    ClassFile classFile =
        ClassFile.of(
            ClassFile.ClassHierarchyResolverOption.of(
                ClassHierarchyResolver.ofResourceParsing(PlantedBug.class.getClassLoader())));
    return classFile.transformClass(
        classFile.parse(bytes),
        ClassTransform.transformingMethods(
            candidate -> candidate.methodName().equalsString(method),
            MethodTransform.transformingCode(
                (code, element) -> {
                  if (replace(code, element)) {
                    planted.set(true);
                  } else {
                    code.with(element);
                  }
                })));
  }
}
