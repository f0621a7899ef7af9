using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.ML.FeatureMining.Files;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Training.Loop;

namespace Microsoft.ML.FeatureMining.Training.Runs;

/// <summary>
/// The format of a checkpoint file: "MLFMCKPT"; the format version, 4 bytes; the SHA-256 of everything after it; the length of the position, 4 bytes; the
/// position as JSON; the tensors as safetensors. Numbers are little-endian.
/// </summary>
internal static class CheckpointFile
{
    public const int CurrentFormatVersion = 1;

    private const int HashAt = 12;
    private const int BodyAt = HashAt + SHA256.HashSizeInBytes;
    private const int MaxPositionBytes = 256 << 20;

    private static ReadOnlySpan<byte> Magic => "MLFMCKPT"u8;

    /// <param name="stream">The destination; must support seeking.</param>
    /// <param name="snapshot">The state to write.</param>
    public static void Write(Stream stream, RunSnapshot snapshot)
    {
        byte[] position = JsonSerializer.SerializeToUtf8Bytes(snapshot.Position, Json.State);
        byte[] header = new byte[BodyAt + sizeof(int)];
        Magic.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(Magic.Length), CurrentFormatVersion);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(BodyAt), position.Length);
        stream.Write(header);
        stream.Write(position);
        Safetensors.Write(snapshot.Tensors, stream);
        stream.Flush();

        stream.Position = BodyAt;
        byte[] hash = SHA256.HashData(stream);
        stream.Position = HashAt;
        stream.Write(hash);
    }

    /// <exception cref="NewerFormatException">A newer version of the library wrote it.</exception>
    /// <exception cref="InvalidDataException">The file is damaged or is not a checkpoint.</exception>
    public static RunSnapshot Read(Stream stream)
    {
        byte[] header = new byte[BodyAt];
        if (stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) < header.Length || !header.AsSpan().StartsWith(Magic))
        {
            throw new InvalidDataException("The file is not a checkpoint.");
        }

        int version = BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(Magic.Length));
        if (version > CurrentFormatVersion)
        {
            throw new NewerFormatException(
                $"Its format version is {version}, but this library reads versions up to {CurrentFormatVersion}. Update the library."
            );
        }

        if (version < 1 || !SHA256.HashData(stream).AsSpan().SequenceEqual(header.AsSpan(HashAt)))
        {
            throw new InvalidDataException("The file is damaged: its checksum does not match.");
        }

        stream.Position = BodyAt;
        return ReadBody(stream);
    }

    private static RunSnapshot ReadBody(Stream stream)
    {
        Span<byte> length = stackalloc byte[sizeof(int)];
        try
        {
            stream.ReadExactly(length);
            int positionBytes = BinaryPrimitives.ReadInt32LittleEndian(length);
            if (positionBytes is < 2 or > MaxPositionBytes || positionBytes > stream.Length)
            {
                throw new InvalidDataException("The file is damaged: the length of the position is invalid.");
            }

            byte[] position = new byte[positionBytes];
            stream.ReadExactly(position);
            RunPosition parsed =
                JsonSerializer.Deserialize<RunPosition>(position, Json.State) ?? throw new InvalidDataException("The file is damaged: the position is empty.");
            NamedTensors tensors = Safetensors.Read(stream);
            return parsed.Streams.Values.All(words => words is { Length: 4 })
                ? new RunSnapshot(parsed, tensors)
                : throw new InvalidDataException("The file is damaged: the state of a random stream is invalid.");
        }
        catch (Exception e) when (e is JsonException or EndOfStreamException or NotSupportedException)
        {
            throw new InvalidDataException($"The file is damaged: {e.Message}", e);
        }
    }
}

/// <summary>The file has a format that only a newer version of the library can read.</summary>
internal sealed class NewerFormatException(string message) : Exception(message);
