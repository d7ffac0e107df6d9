package cache_test

import (
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
)

// If keys changed, every user would have to sign in again.
func TestKeyIsStable(t *testing.T) {
	t.Parallel()

	for want, parts := range map[string][]string{
		"9d9f25c4c321bc66f1493fb0491f3e87a84da198c0ade279f35d6e059cc42fe0": nil,
		"faccf8d1e03704ddc7f673fdd211e1bb02c172537faefee5346a92d4f675a003": {"https://authentication.logmeininc.com", "client", "profile", "default"},
	} {
		if got := cache.NewKey(parts...).String(); got != want {
			t.Errorf("the key of %q is %s, want %s", parts, got, want)
		}
	}
}
