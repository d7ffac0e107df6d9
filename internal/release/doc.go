// Package release contains the files that a release needs besides .goreleaser.yml. Its tests find problems before a
// release is tagged: they check that it is reproducible, can be installed, and has release notes.
package release
