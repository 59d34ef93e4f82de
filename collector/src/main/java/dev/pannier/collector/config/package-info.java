/// The configuration: its records, complete with every default, and what reads them from YAML with
/// a line number for every problem.
@NullMarked
package dev.pannier.collector.config;

import org.jspecify.annotations.NullMarked;
