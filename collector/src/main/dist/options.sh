#!/bin/sh
# What of the JVM's options follows from the sidecar's arguments, one a line, to be given after those of jvm.options:
# `sh options.sh run --config pannier.yaml`. Only what is written plainly is seen; the sidecar itself checks that its heap suffices.
file=
previous=
for argument in "$@"; do
  case $argument in --config=*) file=${argument#--config=} ;; esac
  case $previous in --config | -c) file=$argument ;; esac
  previous=$argument
done
[ -n "$file" ] && [ -r "$file" ] || exit 0

# The heap that fits `memory:`.
sed -n 's/^memory:[[:space:]]*\([1-9][0-9]\{0,8\}\)[[:space:]]*\([KMG]iB\)[[:space:]]*\(#.*\)\{0,1\}$/\1 \2/p' "$file" |
  while read -r size unit; do
    case $unit in
      KiB) size=$(((size + 1023) / 1024)) ;;
      GiB) size=$((size * 1024)) ;;
    esac
    printf -- '-Xmx%dm\n' $((size + 16))
  done

# Where each record is a message, Kafka's client is what costs, some fifty small methods a message: C2 takes a third less CPU time than C1 from
# the first gibibyte on. Where a batch is a message it takes a third more of the first gibibyte and little less of the next ones. A
# compilation that takes more than 3 MiB is given up, so that the highest resident memory is 6 MiB more and not 40. The AOT cache comes from a
# run without C2 and remembers of each method that C1 was enough: that is not to be believed here.
if sed 's/[[:space:]]#.*//; s/^#.*//' "$file" |
  grep -Eq "(encoding|logs|traces|metrics):[[:space:]]*[\"']?(json|raw)[\"']?[[:space:]]*([,}]|\$)"; then
  echo -XX:TieredStopAtLevel=4
  echo -XX:-AOTReplayTraining
  echo -XX:CompileCommand=quiet
  echo '-XX:CompileCommand=MemLimit,*.*,3m~stop'
fi
