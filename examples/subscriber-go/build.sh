#!/usr/bin/env bash
# Makes the Go stubs of the delivery service from this project's protos, and the program `subscriber`, in the folder given.
#   build.sh FOLDER [PYTHON]        PYTHON has grpcio-tools, whose protoc is used: by default ../../.venv/bin/python
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
root="$(cd "$here/../.." && pwd)"
folder="$(mkdir -p "$1" && cd "$1" && pwd)"
python="${2:-$root/.venv/bin/python}"

mkdir -p "$folder/plugins" "$folder/source/pb"
cp "$here"/*.go "$here/go.mod" "$here/go.sum" "$folder/source/"
cd "$here"
go build -p 1 -mod=readonly -o "$folder/plugins/" google.golang.org/protobuf/cmd/protoc-gen-go google.golang.org/grpc/cmd/protoc-gen-go-grpc

ours="volunteer-hours.example/subscriber"
packages=(
    "Mbuf/validate/validate.proto=$ours/pb/validate"
    "Mvolunteer_hours/v1/delivery_service.proto=$ours/pb"
    "Mvolunteer_hours/v1/positions.proto=$ours/pb"
    "Mvolunteer_hours/v1/values.proto=$ours/pb"
)
options=(--go_opt="module=$ours" --go-grpc_opt="module=$ours")
for one in "${packages[@]}"; do options+=(--go_opt="$one" --go-grpc_opt="$one"); done
"$python" -m grpc_tools.protoc -I"$root/protos" -I"$root/third_party" "${options[@]}" \
    --plugin="$folder/plugins/protoc-gen-go" --plugin="$folder/plugins/protoc-gen-go-grpc" \
    --go_out="$folder/source" --go-grpc_out="$folder/source" \
    buf/validate/validate.proto volunteer_hours/v1/delivery_service.proto volunteer_hours/v1/positions.proto volunteer_hours/v1/values.proto
cd "$folder/source"
go build -p 1 -mod=readonly -o "$folder/subscriber" .
