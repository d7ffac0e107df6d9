package provider_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/provider"
	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

func TestNothingPrintsASecret(t *testing.T) {
	t.Parallel()
	const text = "s3cr3t-t3xt"
	values, err := provider.ValuesWithSecrets(text)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%q", "%s", "%x", "%d"} {
			printed := fmt.Sprintf(verb, value) + fmt.Sprintf(verb, []any{value})
			if leaks := standin.Leaks([]byte(printed), []string{text, fmt.Sprintf("%x", text)}); len(leaks) > 0 {
				t.Errorf("%s of %s prints its secrets: %s", verb, name, printed)
			}
		}
		encoded, _ := json.Marshal(value) // a value that cannot be encoded reveals nothing
		if leaks := standin.Leaks(encoded, []string{text}); len(leaks) > 0 {
			t.Errorf("%s as JSON: %s", name, encoded)
		}
	}
}
