using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.ML.FeatureMining.Files;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Training.Loop;

namespace Microsoft.ML.FeatureMining.Training.Runs;

/// <summary>
/// A run's state as one file: "MLFMCKPT"; the format's version, 4 bytes; the SHA-256 of all that follows; the length of the position, 4 bytes; the position in JSON; the
/// tensors as safetensors. Numbers are little-endian.
/// </summary>
internal static class CheckpointFile
{
    public const int CurrentFormatVersion = 1;

    private const int HashAt = 12;
    private const int BodyAt = HashAt + SHA256.HashSizeInBytes;
    private const int MaxPositionBytes = 256 << 20;

    private static ReadOnlySpan<byte> Magic => "MLFMCKPT"u8;

    /// <param name="stream">Where to; it can seek.</param>
    /// <param name="state">What.</param>
    public static void Write(Stream stream, RunSnapshot state)
    {
        byte[] position = JsonSerializer.SerializeToUtf8Bytes(state.Position, Json.State);
        byte[] head = new byte[BodyAt + sizeof(int)];
        Magic.CopyTo(head);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(Magic.Length), CurrentFormatVersion);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(BodyAt), position.Length);
        stream.Write(head);
        stream.Write(position);
        Safetensors.Write(state.Tensors, stream);
        stream.Flush();

        stream.Position = BodyAt;
        byte[] hash = SHA256.HashData(stream);
        stream.Position = HashAt;
        stream.Write(hash);
    }

    /// <exception cref="NewerFormatException">A newer version of the library wrote it.</exception>
    /// <exception cref="InvalidDataException">It is damaged or something else.</exception>
    public static RunSnapshot Read(Stream stream)
    {
        byte[] head = new byte[BodyAt];
        if (stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) < head.Length || !head.AsSpan().StartsWith(Magic))
        {
            throw new InvalidDataException("It is no checkpoint.");
        }

        int version = BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(Magic.Length));
        if (version > CurrentFormatVersion)
        {
            throw new NewerFormatException($"Its format is version {version}; this library reads up to {CurrentFormatVersion}. A newer version of it is needed.");
        }

        if (version < 1 || !SHA256.HashData(stream).AsSpan().SequenceEqual(head.AsSpan(HashAt)))
        {
            throw new InvalidDataException("Its bytes are not those that were written.");
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
                throw new InvalidDataException("Its position has no sensible length.");
            }

            byte[] position = new byte[positionBytes];
            stream.ReadExactly(position);
            RunPosition parsed = JsonSerializer.Deserialize<RunPosition>(position, Json.State) ?? throw new InvalidDataException("Its position is empty.");
            NamedTensors tensors = Safetensors.Read(stream);
            return parsed.Streams.Values.All(words => words is { Length: 4 }) ? new RunSnapshot(parsed, tensors) : throw new InvalidDataException("Its random streams are damaged.");
        }
        catch (Exception e) when (e is JsonException or EndOfStreamException or NotSupportedException)
        {
            throw new InvalidDataException($"It is damaged: {e.Message}", e);
        }
    }
}

/// <summary>A file of a format that only a newer version of the library reads.</summary>
internal sealed class NewerFormatException(string message) : Exception(message);
