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
	carriers, err := provider.Carriers(text)
	if err != nil {
		t.Fatal(err)
	}
	for name, carrier := range carriers {
		for _, verb := range []string{"%v", "%+v", "%#v", "%q", "%s", "%x", "%d"} {
			printed := fmt.Sprintf(verb, carrier) + fmt.Sprintf(verb, []any{carrier})
			if leaks := standin.Leaks([]byte(printed), []string{text, fmt.Sprintf("%x", text)}); len(leaks) > 0 {
				t.Errorf("%s of %s prints its secrets: %s", verb, name, printed)
			}
		}
		encoded, _ := json.Marshal(carrier) // a value that cannot be encoded reveals nothing
		if leaks := standin.Leaks(encoded, []string{text}); len(leaks) > 0 {
			t.Errorf("%s as JSON: %s", name, encoded)
		}
	}
}
