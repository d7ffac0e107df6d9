// Command consumer is a provider that stands for any other one which is configured with a bearer
// token: it reads addresses with the Authorization header it was given.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
)

func main() {
	err := providerserver.Serve(context.Background(), newBearerProvider, providerserver.ServeOpts{
		Address: "registry.terraform.io/terraform-goto/bearer",
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
