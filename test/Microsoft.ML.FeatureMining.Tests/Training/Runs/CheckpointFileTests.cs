using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;
using Microsoft.ML.FeatureMining.Training.Runs;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Training.Runs;

/// <summary>The checkpoint file format: round trip, and rejection of damaged files.</summary>
public sealed class CheckpointFileTests
{
    [Fact]
    public void Read_WrittenFile_IsEqual()
    {
        RunSnapshot state = Sample();

        AssertSame(state, CheckpointFile.Read(new MemoryStream(Bytes(state))));
    }

    // test/Goldens/checkpoints has one file per format version, written by the library of that version.
    [Fact]
    public void Read_StoredFileOfFormat1_IsTheSample() =>
        AssertSame(
            Sample(),
            CheckpointFile.Read(new MemoryStream(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Goldens", "checkpoints", "format-1.ckpt"))))
        );

    [Fact]
    public void Read_AnyBitFlipped_Throws()
    {
        byte[] file = Bytes(Sample());

        for (int bit = 0; bit < 8 * file.Length; bit++)
        {
            byte[] damaged = [.. file];
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            Exception? error = Record.Exception(() => CheckpointFile.Read(new MemoryStream(damaged)));
            Assert.True(error is InvalidDataException or NewerFormatException, $"Bit {bit} gave {error}.");
        }
    }

    [Fact]
    public void Read_TruncatedAnywhere_Throws()
    {
        byte[] file = Bytes(Sample());

        for (int length = 0; length < file.Length; length++)
        {
            Assert.Throws<InvalidDataException>(() => CheckpointFile.Read(new MemoryStream(file, 0, length)));
        }
    }

    [Fact]
    public void Read_NewerFormat_Throws()
    {
        byte[] file = Bytes(Sample());
        file[8] = CheckpointFile.CurrentFormatVersion + 1;

        NewerFormatException error = Assert.Throws<NewerFormatException>(() => CheckpointFile.Read(new MemoryStream(file)));

        Assert.Equal("Its format version is 2, but this library reads versions up to 1. Update the library.", error.Message);
    }

    internal static RunSnapshot Sample() =>
        new(
            new RunPosition
            {
                Epoch = 3,
                Step = 7,
                Streams = new Dictionary<string, ulong[]> { ["shuffle"] = [ulong.MaxValue, 1, 2, 3], ["weights"] = [4, 5, 6, 7] },
                Sums = new MetricSums(0.1 + 0.2, 17, 56),
                Seconds = 1.5,
                History = [new EpochMetrics(1, 0.1, 2.5, 0.25, null, null, 3), new EpochMetrics(2, 0.1, 1.0 / 3, 0.5, 0.75, 0.125, 3)],
                Best = new BestEpoch(0.125, 2, double.NegativeInfinity, 0),
                RateFactor = 0.5,
            },
            new NamedTensors([
                new NamedTensor("network/conv1.weight", ScalarType.Float32, [2, 1], [1, 2, 3, 4, 5, 6, 7, 8]),
                new NamedTensor("order", ScalarType.Int32, [1], [1, 0, 0, 0]),
            ])
        );

    private static byte[] Bytes(RunSnapshot state)
    {
        using MemoryStream stream = new();
        CheckpointFile.Write(stream, state);
        return stream.ToArray();
    }

    private static void AssertSame(RunSnapshot expected, RunSnapshot actual)
    {
        Assert.Equivalent(expected.Position, actual.Position, strict: true);
        Assert.Equal(Bits(expected), Bits(actual));
        static IEnumerable<string> Bits(RunSnapshot state) =>
            state.Tensors.Tensors.Select(tensor => $"{tensor.Name} {tensor.Type} {string.Join(',', tensor.Shape)} {Convert.ToHexString(tensor.Bytes)}");
    }
}
