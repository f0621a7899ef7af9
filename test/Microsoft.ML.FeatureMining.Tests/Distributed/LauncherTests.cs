using Microsoft.ML.FeatureMining.Distributed;

namespace Microsoft.ML.FeatureMining.Tests.Distributed;

public sealed class LauncherTests
{
    [Theory]
    [InlineData("OMPI_COMM_WORLD_RANK=2 OMPI_COMM_WORLD_SIZE=4 PMIX_RANK=2", "mpirun of Open MPI", 2, 4)]
    [InlineData("PMI_RANK=1 PMI_SIZE=3", "mpiexec of MPICH", 1, 3)]
    [InlineData("SLURM_PROCID=5 SLURM_STEP_NUM_TASKS=8 SLURM_NTASKS=8", "srun of Slurm", 5, 8)]
    public void Find_VariablesOfALauncher_GiveRankAndWorld(string variables, string name, int rank, int world)
    {
        Launcher launcher = Find(variables)!;

        Assert.Equal((name, rank, world), (launcher.Name, launcher.Rank, launcher.World));
    }

    [Theory]
    [InlineData("")]
    [InlineData("OMPI_COMM_WORLD_RANK=0 OMPI_COMM_WORLD_SIZE=1")]
    [InlineData("PMI_RANK=0")]
    [InlineData("PMI_RANK=4 PMI_SIZE=4")]
    [InlineData("PMI_RANK=-1 PMI_SIZE=4")]
    // A batch script of Slurm runs once, whatever the number of tasks.
    [InlineData("SLURM_PROCID=0 SLURM_NTASKS=8")]
    public void Find_OneProcess_IsNull(string variables) => Assert.Null(Find(variables));

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(2, 0)]
    [InlineData(3, 0)]
    public void GpuOf_RanksOfAHostWithTheSameGpus_TakeOneEach(int rank, int gpu)
    {
        RankIdentity[] ranks = [new(0, "a", 10, ""), new(1, "a", 11, ""), new(2, "b", 10, "3"), new(3, "b", 11, "7")];

        Assert.Equal(gpu, RankIdentity.GpuOf(ranks, rank, gpus: rank < 2 ? 2 : 1, localRank: null));
    }

    [Fact]
    public void GpuOf_LocalRank_IsTheGpu() => Assert.Equal(1, RankIdentity.GpuOf([new(0, "a", 10, ""), new(1, "a", 11, "")], 0, gpus: 2, localRank: 1));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void GpuOf_MoreRanksThanGpus_IsRefused(int rank)
    {
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() =>
            RankIdentity.GpuOf([new(0, "node7", 10, ""), new(1, "node7", 11, "")], rank, gpus: 1, localRank: null)
        );

        Assert.StartsWith("2 ranks run on host node7, which has 1 GPU(s) for them; NCCL needs a GPU for each rank.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RankIdentity_AsText_IsReadBack()
    {
        RankIdentity identity = RankIdentity.Own(3, "node7");

        Assert.Equal(identity, RankIdentity.Parse(3, identity.ToText()));
        Assert.Equal($"Rank 3 (host node7, process {Environment.ProcessId})", identity.ToString());
    }

    private static Launcher? Find(string variables)
    {
        Dictionary<string, string> values = variables
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(entry => entry.Split('='))
            .ToDictionary(entry => entry[0], entry => entry[1]);
        return Launcher.Find(name => values.GetValueOrDefault(name));
    }
}
