using System.Security.Cryptography;
using Microsoft.ML.FeatureMining.Training.Runs;

namespace Fuzz.Targets;

/// <summary>A checkpoint whose hash is right: the code after it is what is tried.</summary>
internal sealed class CheckpointTarget : FuzzTarget
{
    private const int HashAt = 12;
    private const int BodyAt = HashAt + SHA256.HashSizeInBytes;

    public override string Name => "checkpoint";

    public override IEnumerable<byte[]> Seeds() => [File.ReadAllBytes(Path.Combine(Goldens.Folder("checkpoints"), "format-1.ckpt"))];

    protected override void Read(byte[] input)
    {
        byte[] hashed = [.. input];
        if (hashed.Length > BodyAt)
        {
            SHA256.HashData(hashed.AsSpan(BodyAt), hashed.AsSpan(HashAt));
        }

        CheckpointFile.Read(new MemoryStream(hashed));
    }
}
