// Checks what the ledger's Python made with the verifiers that other people wrote.
//
// Standard input is a JSON array of questions, standard output one of answers in the same order. The tests compare the
// answers with the verdicts of ledger/transparency.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/transparency-dev/formats/log"
	formats_note "github.com/transparency-dev/formats/note"
	tlog_proof "github.com/transparency-dev/formats/proof"
	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// question holds the fields that its kind needs; bytes are base64.
type question struct {
	Kind    string
	Note    []byte
	Keys    []string
	Origin  string
	Entry   []byte
	Index   uint64
	OldSize uint64
	OldRoot []byte
	Size    uint64
	Root    []byte
	Hashes  [][]byte
	Proof   []byte
	Text    string
}

type answer struct {
	Good bool
	Said string
	Note []byte
}

func main() {
	var questions []question
	if err := json.NewDecoder(os.Stdin).Decode(&questions); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	answers := make([]answer, len(questions))
	for number, asked := range questions {
		signed, err := check(asked)
		answers[number] = answer{Good: err == nil, Note: signed}
		if err != nil {
			answers[number].Said = err.Error()
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

func check(asked question) ([]byte, error) {
	switch asked.Kind {
	case "note":
		return nil, checkNote(asked)
	case "inclusion":
		return nil, checkInclusion(asked.Index, asked.Size, asked.Entry, asked.Hashes, asked.Root)
	case "consistency":
		return nil, checkConsistency(asked)
	case "answer":
		return nil, checkAnswer(asked)
	case "tlog-proof":
		return nil, checkProofFile(asked)
	case "sign":
		return sign(asked)
	default:
		return nil, fmt.Errorf("no such kind of question: %q", asked.Kind)
	}
}

// checkNote asks that every given key signed, and that the note is a checkpoint of the origin. The first key is the log's.
func checkNote(asked question) error {
	verifiers, err := verifiersOf(asked.Keys)
	if err != nil {
		return err
	}
	head, _, opened, err := log.ParseCheckpoint(asked.Note, asked.Origin, verifiers[0], verifiers[1:]...)
	if err != nil {
		return err
	}
	if len(opened.Sigs) != len(verifiers) {
		return fmt.Errorf("%d of %d keys signed", len(opened.Sigs), len(verifiers))
	}
	if head.Size != asked.Size || !bytes.Equal(head.Hash, asked.Root) {
		return fmt.Errorf("the checkpoint says size %d, root %x", head.Size, head.Hash)
	}
	return nil
}

// checkAnswer asks that every given key signed, and that the note's size and root are those of the lines below them.
func checkAnswer(asked question) error {
	verifiers, err := verifiersOf(asked.Keys)
	if err != nil {
		return err
	}
	head, below, opened, err := log.ParseCheckpoint(asked.Note, asked.Origin, verifiers[0], verifiers[1:]...)
	if err != nil {
		return err
	}
	if len(opened.Sigs) != len(verifiers) {
		return fmt.Errorf("%d of %d keys signed", len(opened.Sigs), len(verifiers))
	}
	tree := (&compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}).NewEmptyRange(0)
	for _, line := range strings.Split(strings.TrimSuffix(string(below), "\n"), "\n") {
		if err := tree.Append(rfc6962.DefaultHasher.HashLeaf([]byte(line)), nil); err != nil {
			return err
		}
	}
	root, err := tree.GetRootHash(nil)
	if err != nil {
		return err
	}
	if tree.End() != head.Size || !bytes.Equal(root, head.Hash) {
		return fmt.Errorf("%d lines of root %x, not %d of root %x", tree.End(), root, head.Size, head.Hash)
	}
	return nil
}

// checkInclusion asks two implementations, which must agree.
func checkInclusion(index, size uint64, entry []byte, hashes [][]byte, root []byte) error {
	leaf := rfc6962.DefaultHasher.HashLeaf(entry)
	first := proof.VerifyInclusion(rfc6962.DefaultHasher, index, size, leaf, hashes, root)
	path, err := pathOf(hashes, root, leaf)
	if err == nil {
		record := tlog.RecordProof(path[2:])
		err = tlog.CheckRecord(record, int64(size), path[0], int64(index), path[1])
	}
	return agreed(first, err)
}

func checkConsistency(asked question) error {
	first := proof.VerifyConsistency(rfc6962.DefaultHasher, asked.OldSize, asked.Size, asked.Hashes, asked.OldRoot, asked.Root)
	if asked.OldSize == 0 {
		return first // The second implementation does not know empty trees.
	}
	path, err := pathOf(asked.Hashes, asked.Root, asked.OldRoot)
	if err == nil {
		err = tlog.CheckTree(tlog.TreeProof(path[2:]), int64(asked.Size), path[0], int64(asked.OldSize), path[1])
	}
	return agreed(first, err)
}

// checkProofFile opens a .tlog-proof, and asks that writing it again gives the same bytes.
func checkProofFile(asked question) error {
	var opened tlog_proof.TLogProof
	if err := opened.Unmarshal(asked.Proof); err != nil {
		return err
	}
	if again := opened.Marshal(); !bytes.Equal(again, asked.Proof) {
		return fmt.Errorf("written again it has other bytes: %q", again)
	}
	verifiers, err := verifiersOf(asked.Keys)
	if err != nil {
		return err
	}
	head, _, _, err := log.ParseCheckpoint(opened.Checkpoint, asked.Origin, verifiers[0], verifiers[1:]...)
	if err != nil {
		return err
	}
	hashes := make([][]byte, len(opened.Hashes))
	for number := range opened.Hashes {
		hashes[number] = opened.Hashes[number][:]
	}
	return checkInclusion(opened.Index, head.Size, asked.Entry, hashes, head.Hash)
}

// sign lets the other side sign, so that the ledger's verifiers are asked too. Keys are private here.
func sign(asked question) ([]byte, error) {
	signed := &note.Note{Text: asked.Text}
	var signers []note.Signer
	for _, key := range asked.Keys {
		signer, err := note.NewSigner(key)
		if err != nil {
			signer, err = formats_note.NewSignerForCosignatureV1(key)
		}
		if err != nil {
			return nil, err
		}
		signers = append(signers, signer)
	}
	return note.Sign(signed, signers...)
}

func verifiersOf(keys []string) ([]note.Verifier, error) {
	var verifiers []note.Verifier
	for _, key := range keys {
		verifier, err := formats_note.NewVerifier(key)
		if err != nil {
			return nil, err
		}
		verifiers = append(verifiers, verifier)
	}
	if len(verifiers) == 0 {
		return nil, fmt.Errorf("a key is needed")
	}
	return verifiers, nil
}

func pathOf(hashes [][]byte, others ...[]byte) ([]tlog.Hash, error) {
	var path []tlog.Hash
	for _, each := range append(others, hashes...) {
		if len(each) != tlog.HashSize {
			return nil, fmt.Errorf("a hash has %d bytes", len(each))
		}
		path = append(path, tlog.Hash(each))
	}
	return path, nil
}

func agreed(first, second error) error {
	if (first == nil) != (second == nil) {
		panic(fmt.Sprintf("two implementations disagree: %v / %v", first, second))
	}
	return first
}
