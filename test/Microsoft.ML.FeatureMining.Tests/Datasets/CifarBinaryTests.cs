using Microsoft.ML.FeatureMining.Datasets;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Pixels;

namespace Microsoft.ML.FeatureMining.Tests.Datasets;

public sealed class CifarBinaryTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Read_Cifar10_GivesLabelAndPlanes()
    {
        File.WriteAllBytes(_path, [.. Record([7]), .. Record([0])]);

        CifarRecord[] records = [.. CifarBinary.Cifar10.Read(_path)];

        Assert.Equal([7, 0], records.Select(record => record.Label));
        Assert.All(records, record => Assert.Equal(Pixels(), record.Pixels));
    }

    [Fact]
    public void Read_Cifar100_UsesTheFineLabel()
    {
        File.WriteAllBytes(_path, Record([19, 99]));

        CifarRecord record = Assert.Single(CifarBinary.Cifar100.Read(_path));

        Assert.Equal(99, record.Label);
        Assert.Equal(Pixels(), record.Pixels);
    }

    [Fact]
    public void Read_TruncatedFile_NamesFileAndOffset()
    {
        File.WriteAllBytes(_path, [.. Record([1]), .. Record([1])[..^1]]);

        InvalidDataException refusal = Assert.Throws<InvalidDataException>(() => CifarBinary.Cifar10.Read(_path));

        Assert.Contains(_path, refusal.Message);
        Assert.Contains("3073", refusal.Message);
    }

    [Fact]
    public void Read_EmptyFile_IsRejected()
    {
        File.WriteAllBytes(_path, []);

        Assert.Throws<InvalidDataException>(() => CifarBinary.Cifar100.Read(_path));
    }

    [Fact]
    public void Read_LabelOutOfRange_NamesFileAndOffset()
    {
        File.WriteAllBytes(_path, [.. Record([0, 5]), .. Record([0, 100])]);

        InvalidDataException refusal = Assert.Throws<InvalidDataException>(() => CifarBinary.Cifar100.Read(_path).Count());

        Assert.Contains(_path, refusal.Message);
        Assert.Contains("byte 3075 is label 100", refusal.Message);
    }

    [Fact]
    public void Read_MissingFile_NamesIt()
    {
        FileNotFoundException refusal = Assert.Throws<FileNotFoundException>(() => CifarBinary.Cifar10.Read(_path));

        Assert.Contains(_path, refusal.Message);
    }

    [Fact]
    public void ReadLabelNames_TenNames_GivesThemInOrder()
    {
        string[] names = [.. Enumerable.Range(0, 10).Select(i => $"class {9 - i}")];
        File.WriteAllText(_path, string.Join("\r\n", names) + "\n\n");

        Assert.Equal(names, CifarBinary.Cifar10.ReadLabelNames(_path));
    }

    [Theory]
    [InlineData(9, 9)]
    [InlineData(10, 9)]
    public void ReadLabelNames_TooFewOrTwice_SaysHowMany(int count, int different)
    {
        File.WriteAllLines(_path, Enumerable.Range(0, count).Select(i => $"class {i % different}"));

        InvalidDataException refusal = Assert.Throws<InvalidDataException>(() => CifarBinary.Cifar10.ReadLabelNames(_path));

        Assert.Contains($"{count} class names, {different} of them different", refusal.Message);
    }

    [SkippableFact]
    public void Read_TheRealSubset_HasItsPublishedStatistics()
    {
        string folder = SharedData.Folder("cifar-100");
        ImageSetBuilder builder = new(CifarBinary.Shape);
        foreach (CifarRecord record in CifarBinary.Cifar100.Read(Path.Combine(folder, "train.bin")))
        {
            builder.Add(record.Pixels, record.Label);
        }

        ImageSet set = builder.Build(CifarBinary.Cifar100.ClassCount);

        ChannelStatistics statistics = ChannelStatistics.Of(set);
        Assert.All(set.Labels.CountBy(label => label), group => Assert.Equal(160, group.Value));
        Assert.Equal(100, CifarBinary.Cifar100.ReadLabelNames(Path.Combine(folder, "fine_label_names.txt")).Count);
        foreach (
            (float[] actual, double[] expected) in ((float[], double[])[])
                [(statistics.Mean, [0.50664, 0.48598, 0.43954]), (statistics.Std, [0.26679, 0.25526, 0.27514])]
        )
        {
            for (int c = 0; c < 3; c++)
            {
                Assert.Equal(expected[c], actual[c] / 255, 0.00001);
            }
        }
    }

    private static byte[] Record(byte[] labels) => [.. labels, .. Pixels()];

    private static byte[] Pixels() => [.. Enumerable.Range(0, 3072).Select(i => (byte)(i / 13))];
}
