// Package release holds the files that a release needs in addition to .goreleaser.yml. Its tests keep a release from
// failing after it was tagged: they check that it can be reproduced and installed, and that it is described.
package release
