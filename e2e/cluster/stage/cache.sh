# shellcheck shell=bash
# What is kept in the cache of things that are made anew with each change.
# Sourced; it removes only what it is told of.

# keep_newest COUNT: reads lines "TIME FOLDER" and removes all folders but the newest
keep_newest() {
  sort -rn | tail -n +$(($1 + 1)) | while read -r _ folder; do rm -rf "$folder"; done
}
