using System.Globalization;

namespace Microsoft.ML.FeatureMining.Distributed;

/// <summary>How this process was started together with others, from the environment variables of MPI and Slurm.</summary>
/// <param name="Name">The launcher, for messages.</param>
/// <param name="Rank">The number of this process, from 0.</param>
/// <param name="World">The number of processes.</param>
/// <param name="IsOpenMpi">Whether the launcher is that of Open MPI.</param>
internal sealed record Launcher(string Name, int Rank, int World, bool IsOpenMpi)
{
    // Slurm sets SLURM_NTASKS also where no task is started, as in a batch script; SLURM_STEP_NUM_TASKS only by srun.
    private static readonly (string Name, string Rank, string World, bool IsOpenMpi)[] Known =
    [
        ("mpirun of Open MPI", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", true),
        ("mpiexec of MPICH", "PMI_RANK", "PMI_SIZE", false),
        ("srun of Slurm", "SLURM_PROCID", "SLURM_STEP_NUM_TASKS", true),
    ];

    /// <summary>Finds the launcher of this process; null if the process runs alone.</summary>
    /// <param name="variable">Reads an environment variable.</param>
    public static Launcher? Find(Func<string, string?> variable)
    {
        foreach ((string name, string rankName, string worldName, bool isOpenMpi) in Known)
        {
            if (Number(variable(rankName)) is { } rank && Number(variable(worldName)) is { } world && rank < world)
            {
                return world > 1 ? new Launcher(name, rank, world, isOpenMpi) : null;
            }
        }

        return null;
    }

    private static int? Number(string? text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;
}
