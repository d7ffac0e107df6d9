// Package release holds what is needed beside .goreleaser.yml to make a release, and the tests that keep a
// release from failing after its tag is set: that it can be reproduced and installed, and that it is described.
package release
